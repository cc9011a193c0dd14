"""Cache facts about a task's data, so that unchanged files do not have to be read again."""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import msgspec

from harness._version import __version__
from harness.contract import Source, Task
from harness.data._digest import DIGEST_FORM
from harness.data._load import DataChoice, TaskData
from harness.data._source_files import cache_folder
from harness.files import write_atomically
from harness.places import Places


class DataFacts(msgspec.Struct, frozen=True, kw_only=True):
    """Facts about the data that a task is evaluated on, without the data itself."""

    source: int
    """The index of the source among the task's sources."""
    digest: str
    scored_on: Literal["test", "validation"]
    passed_over: tuple[str, ...] = ()
    """The reasons why preferred sources were not used."""

    @classmethod
    def of(cls, task: Task, data: TaskData) -> DataFacts:
        """Return the facts about `data` of `task`."""
        return cls(
            source=task.sources.index(data.source),
            digest=data.digest,
            scored_on=data.scored_on,
            passed_over=data.passed_over,
        )


def facts_file(task: Task, task_digest: str, places: Places, choice: DataChoice, environment: str) -> Path:
    """Return the file that caches the facts about a task's data for the current state of its files.

    `environment` describes everything else that influences loading, such as the versions of packages.
    """
    return places.cache / "facts" / f"{task.name}-{_fingerprint(task, task_digest, places, choice, environment)}.json"


def read_facts(file: Path) -> DataFacts | None:
    """Return the facts in `file`, or None if there are none."""
    with contextlib.suppress(OSError, msgspec.DecodeError):
        return msgspec.json.decode(file.read_bytes(), type=DataFacts)
    return None


def write_facts(file: Path, facts: DataFacts, source: Source) -> None:
    """Store `facts` about data of `source`, unless it is a substitute for data that may be available next time."""
    if facts.passed_over and source.kind == "embedded":
        return
    with contextlib.suppress(OSError):  # on a full disk, nothing is stored
        write_atomically(file, msgspec.json.encode(facts), 0o600)


def _fingerprint(task: Task, task_digest: str, places: Places, choice: DataChoice, environment: str) -> str:
    """Digest everything that decides which data is loaded: the declaration, and the state of each file."""
    key = hashlib.sha256(
        f"{__version__}\0{DIGEST_FORM}\0{task.name}\0{task_digest}\0{choice}\0{environment}\0".encode()
    )
    folders = (places.root, places.private)
    for folder in (cache_folder(task, places), *(None if base is None else base / task.name for base in folders)):
        key.update(os.fsencode(str(folder)) + b"\0")
        for path in _files(folder):
            state = path.stat()
            key.update(
                os.fsencode(path)
                + f"\0{state.st_size} {state.st_mtime_ns} {state.st_ctime_ns} {state.st_ino}\0".encode()
            )
    return key.hexdigest()[:32]


def _files(folder: Path | None) -> Iterator[Path]:
    if folder is not None and folder.is_dir():
        yield from (path for path in sorted(folder.rglob("*")) if path.is_file())
