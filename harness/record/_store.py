"""Records on disk: the newest of each (task, submission), with earlier ones in a history file."""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import msgspec

from harness.files import append_line, write_atomically
from harness.locks import exclusive_lock
from harness.record._types import SCHEMA_VERSION, Record

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
_REFERENCE = "reference"


class UnstorableError(ValueError):
    """A record that could not be read back; nothing was written for it."""


class _Version(msgspec.Struct):
    schema_version: int


@dataclass(frozen=True)
class Unreadable:
    """A record file that cannot be read, with the reason."""

    path: Path
    reason: str

    def __str__(self) -> str:
        return f"{self.path} cannot be read ({self.reason})"


class Store:
    """``records/<task>/<submission>.json`` below a folder, safe against parallel writers and crashes."""

    def __init__(self, folder: Path, lock: Path) -> None:
        self._folder = folder
        lock.parent.mkdir(parents=True, exist_ok=True)
        self._lock = lock

    def path(self, task: str, submission: str) -> Path:
        """Return the path of the newest record."""
        return self._folder / task / f"{submission}.json"

    def read(self, task: str, submission: str) -> Record | Unreadable | None:
        """Return the newest record, an `Unreadable` if its file cannot be read, or None if there is none."""
        return self._read(self.path(task, submission), task, submission)

    def write(self, record: Record) -> Path | None:
        """Make `record` the newest.

        Returns:
            The file to which the former record was moved because it could not be read; normally None.

        Raises:
            UnstorableError: the record could not be read again; the former record is unchanged.
        """
        content = stored_form(record)
        path = self.path(record.task.name, record.submission.name)
        with exclusive_lock(self._lock):
            moved = self._retire(path, record)
            write_atomically(path, content)
        return moved

    def all(self) -> Iterator[Record | Unreadable]:
        """Yield every newest record, by path, or an `Unreadable` for a file that cannot be read."""
        tasks = self._entries(self._folder)
        found: list[tuple[str, str, Path]] = []
        for folder in tasks:
            if isinstance(folder, Unreadable):
                yield folder
            elif folder.suffix == ".json":
                yield Unreadable(folder, "it is not in the folder of a task")
            elif folder.is_dir():
                yield from self._list(folder, "", found)
                if os.path.isdir(folder / _REFERENCE):  # noqa: PTH112 - pathlib raises if it has no permission
                    yield from self._list(folder / _REFERENCE, f"{_REFERENCE}/", found)
        for task, name, path in sorted(found, key=lambda one: (one[1].startswith(f"{_REFERENCE}/"), one[2])):
            record = self._read(path, task, name)
            if record is not None:
                yield record

    def _list(self, folder: Path, prefix: str, found: list[tuple[str, str, Path]]) -> Iterator[Unreadable]:
        """Add the records in `folder` to `found`; yield the folder if it cannot be listed."""
        task = folder.parent.name if prefix else folder.name
        for path in self._entries(folder):
            if isinstance(path, Unreadable):
                yield path
            elif path.suffix == ".json" and not path.name.startswith("."):
                found.append((task, f"{prefix}{path.stem}", path))

    @staticmethod
    def _entries(folder: Path) -> list[Path] | list[Unreadable]:
        """Return the entries of `folder`, by name; pathlib's own search skips a folder that cannot be listed."""
        try:
            return [folder / name for name in sorted(os.listdir(folder))]  # noqa: PTH208 - iterdir has no order
        except FileNotFoundError:
            return []
        except OSError as error:
            return [Unreadable(folder, str(error))]

    def history(self, task: str, submission: str) -> Iterator[Record]:
        """Yield the earlier records, oldest first; lines that cannot be read are skipped."""
        path = self.path(task, submission).with_suffix(".history.jsonl")
        with contextlib.suppress(FileNotFoundError), path.open("rb") as lines:
            for line in lines:
                with contextlib.suppress(msgspec.DecodeError, UnicodeDecodeError):
                    yield msgspec.json.decode(line, type=Record)

    def _retire(self, path: Path, record: Record) -> Path | None:
        former = self._read(path, record.task.name, record.submission.name)
        if isinstance(former, Unreadable):
            return path.rename(_free_place_beside(path))
        if former is not None:
            history = path.with_suffix(".history.jsonl")
            line = msgspec.json.encode(former)
            if not (
                history.exists() and history.read_bytes().endswith(line + b"\n")
            ):  # after a crash between the two writes
                append_line(history, line)
        return None

    @staticmethod
    def _read(path: Path, task: str, submission: str) -> Record | Unreadable | None:
        try:
            path.lstat()  # raises without permission to read it
            if not path.is_file():  # opening a pipe would wait for a writer
                return Unreadable(path, "it is not a regular file")
            if not _is_allowed(task, submission):
                return Unreadable(path, "it has a name that no record has")
            content = path.read_bytes()
            version = msgspec.json.decode(content, type=_Version).schema_version
            if version != SCHEMA_VERSION:
                later = ": a later version of the harness wrote it" if version > SCHEMA_VERSION else ""
                return Unreadable(path, f"schema_version {version}, expected {SCHEMA_VERSION}{later}")
            record = msgspec.json.decode(content, type=Record)
        except FileNotFoundError:
            return None
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, OSError) as error:
            return Unreadable(path, str(error))
        if (record.task.name, record.submission.name) != (task, submission):
            return Unreadable(path, "it is the record of another task or submission")
        return record


def stored_form(record: Record) -> bytes:
    """Return the contents of the file for `record`.

    Raises:
        UnstorableError: reading it again would give another record, or none.
    """
    who = f"the record of {record.submission.name} for task {record.task.name}"
    if not _is_allowed(record.task.name, record.submission.name):
        raise UnstorableError(f"{who} cannot be kept: a name is not allowed")
    try:
        content = msgspec.json.format(msgspec.json.encode(record), indent=2) + b"\n"
        again = msgspec.json.decode(content, type=Record)
    except (msgspec.MsgspecError, ValueError, OverflowError, TypeError, RecursionError) as error:
        raise UnstorableError(f"{who} cannot be kept: {error}") from error
    if again != record:
        raise UnstorableError(f"{who} cannot be kept: {_difference(record, again)} would be read back as another value")
    return content


def _difference(first: msgspec.Struct, second: msgspec.Struct) -> str:
    """Return the path of the first field in which two records differ."""
    for name in first.__struct_fields__:
        one, other = getattr(first, name), getattr(second, name)
        if one != other:
            nested = isinstance(one, msgspec.Struct) and type(one) is type(other)
            return f"{name}.{_difference(one, other)}" if nested else f"{name} = {str(one)[:100]}"
    return "something"


def _is_allowed(task: str, submission: str) -> bool:
    name = submission.removeprefix(f"{_REFERENCE}/")
    return bool(_NAME.fullmatch(task)) and bool(_NAME.fullmatch(name))


def _free_place_beside(path: Path) -> Path:
    """Return a free name for an unreadable record file."""
    number = 1
    while os.path.lexists(place := path.with_name(f"{path.name}.unreadable-{number}")):
        number += 1
    return place
