"""What a plan must know of a task's data, kept so that a look at the files is enough the next time."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import msgspec

from harness._version import __version__
from harness.contract import InfrastructureError, Task
from harness.data._files import cache_folder
from harness.data._load import DataChoice, TaskData, load_data
from harness.data._places import Places
from harness.files import write_atomically


class DataFacts(msgspec.Struct, frozen=True, kw_only=True):
    """Which data a task is evaluated on, without the data."""

    source: int
    """Its number among the task's sources."""
    digest: str
    scored_on: Literal["test", "validation"]


def find_facts(task: Task, task_digest: str, places: Places, choice: DataChoice, environment: str) -> DataFacts:
    """Return the facts kept for the files as they lie; load the data where there are none, to grade on it.

    `environment` names whatever else decides what loading gives: versions of packages.

    Raises:
        InfrastructureError: there is no data, or none but embedded data that `choice` did not ask for.
        TaskError: the data is not what the task declares.
    """
    kept = places.cache / "facts" / f"{task.name}-{_fingerprint(task, task_digest, places, choice, environment)}.json"
    with contextlib.suppress(OSError, msgspec.DecodeError):
        return msgspec.json.decode(kept.read_bytes(), type=DataFacts)
    data = load_data(task, task_digest, places, choice)
    refuse_practice(task, data, choice)
    facts = DataFacts(source=task.sources.index(data.source), digest=data.digest, scored_on=data.scored_on)
    with contextlib.suppress(OSError):  # a full disk keeps none
        write_atomically(kept, msgspec.json.encode(facts), 0o600)
    return facts


def refuse_practice(task: Task, data: TaskData, choice: DataChoice) -> None:
    """Refuse embedded data that nobody asked for: what counts is graded on the real thing.

    Raises:
        InfrastructureError: it is.
    """
    if data.source.kind == "embedded" and choice != "embedded":
        raise InfrastructureError(
            f"task {task.name}: only the embedded practice data is here ({'; '.join(data.passed_over)}): put the files "
            f"into <data root>/{task.name}/ and set HARNESS_DATA, or grade on it with --data embedded"
        )


def _fingerprint(task: Task, task_digest: str, places: Places, choice: DataChoice, environment: str) -> str:
    """Digest what decides which data is loaded: the declaration, and each file by name, size, times and inode."""
    key = hashlib.sha256(f"{__version__}\0{task.name}\0{task_digest}\0{choice}\0{environment}\0".encode())
    folders = (places.root, places.private)
    for folder in (cache_folder(task, places), *(None if base is None else base / task.name for base in folders)):
        key.update(f"{folder}\0".encode())
        for path in _files(folder):
            state = path.stat()
            key.update(f"{path}\0{state.st_size} {state.st_mtime_ns} {state.st_ctime_ns} {state.st_ino}\0".encode())
    return key.hexdigest()[:32]


def _files(folder: Path | None) -> Iterator[Path]:
    if folder is not None and folder.is_dir():
        yield from (path for path in sorted(folder.rglob("*")) if path.is_file())
