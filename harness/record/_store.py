"""Records on disk: the newest of each (task, submission), earlier ones in a history beside it."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import msgspec
from filelock import FileLock

from harness.files import append_line, write_atomically
from harness.record._types import SCHEMA_VERSION, Record


@dataclass(frozen=True)
class Unreadable:
    """A record file that cannot be read, and why."""

    path: Path
    reason: str


class Store:
    """``records/<task>/<submission>.json`` below a folder, safe against parallel writers and crashes."""

    def __init__(self, folder: Path, lock: Path) -> None:
        self._folder = folder
        lock.parent.mkdir(parents=True, exist_ok=True)
        self._lock = FileLock(lock)

    def path(self, task: str, submission: str) -> Path:
        """Return where the newest record lies."""
        return self._folder / task / f"{submission}.json"

    def read(self, task: str, submission: str) -> Record | Unreadable | None:
        """Return the newest record, or what is wrong with its file, or None where there is none."""
        return self._read(self.path(task, submission), task, submission)

    def write(self, record: Record) -> Path | None:
        """Make `record` the newest.

        Returns:
            The file that the former record was moved to because it could not be read; None normally.
        """
        path = self.path(record.task.name, record.submission.name)
        with self._lock:
            moved = self._retire(path, record)
            write_atomically(path, msgspec.json.format(msgspec.json.encode(record), indent=2) + b"\n")
        return moved

    def all(self) -> Iterator[Record | Unreadable]:
        """Yield every newest record, by path."""
        for path in (*sorted(self._folder.glob("*/*.json")), *sorted(self._folder.glob("*/reference/*.json"))):
            task, *name = path.relative_to(self._folder).with_suffix("").parts
            record = self._read(path, task, "/".join(name))
            if record is not None:
                yield record

    def history(self, task: str, submission: str) -> Iterator[Record]:
        """Yield the earlier records, oldest first; a line that cannot be read is passed over."""
        path = self.path(task, submission).with_suffix(".history.jsonl")
        with contextlib.suppress(FileNotFoundError), path.open("rb") as lines:
            for line in lines:
                with contextlib.suppress(msgspec.DecodeError, UnicodeDecodeError):
                    yield msgspec.json.decode(line, type=Record)

    def _retire(self, path: Path, record: Record) -> Path | None:
        former = self._read(path, record.task.name, record.submission.name)
        if isinstance(former, Unreadable):
            digest = hashlib.sha256(path.read_bytes()).hexdigest()[:8]
            return path.rename(path.with_name(f"{path.name}.unreadable-{digest}"))
        if former is not None:
            history = path.with_suffix(".history.jsonl")
            line = msgspec.json.encode(former)
            if not (history.exists() and history.read_bytes().endswith(line + b"\n")):  # a crash came between
                append_line(history, line)
        return None

    @staticmethod
    def _read(path: Path, task: str, submission: str) -> Record | Unreadable | None:
        try:
            record = msgspec.json.decode(path.read_bytes(), type=Record)
        except FileNotFoundError:
            return None
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, OSError) as error:
            return Unreadable(path, str(error))
        if record.schema_version != SCHEMA_VERSION:
            return Unreadable(path, f"schema_version {record.schema_version}, expected {SCHEMA_VERSION}")
        if (record.task.name, record.submission.name) != (task, submission):
            return Unreadable(path, "it is the record of another task or submission")
        return record
