"""Times of handing in: their sources, the order in which sources are trusted, and what is stored.

The order: the table ``submitted.csv``, the roster, the other system's own table of submissions, what the other system
states about exactly these files (a time, or that they are late), the host's record of a push, a commit. Times in an
archive are that of the download and are never used. If no source has a time, it is unknown, and not late.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from datetime import datetime
from functools import cached_property

import msgspec

from harness.course import Course
from harness.files import write_atomically
from harness.gradebook._adjustments import HandedIn
from harness.gradebook._history import History
from harness.gradebook._roster import Person

_VERSION = 2


class HandIn(msgspec.Struct, frozen=True, kw_only=True):
    """The time at which some files were handed in, and its source."""

    moment: datetime | None = None
    late: bool | None = None
    """If no moment is known: whether the other system marks them as late."""
    source: str = ""
    """Empty if no source has a time."""

    @property
    def is_known(self) -> bool:
        """Whether any source has a time."""
        return self.moment is not None or self.late is not None


UNKNOWN = HandIn()


class _TableTime(msgspec.Struct, frozen=True, kw_only=True):
    """A line of the other system's table of submissions."""

    moment: datetime
    source: str
    digest: str
    """The digest of the files that existed when the table was read; '' for none yet."""


class _TimesFile(msgspec.Struct, kw_only=True):
    version: int = _VERSION
    imported: dict[str, HandIn] = {}
    """By ``<submission>/<task> <digest>``: what the system states about files that came from it."""
    told: dict[str, _TableTime] = {}
    """By ``<submission>/<task> <person>``: what its table of submissions states."""
    seen: dict[str, HandIn] = {}
    """By ``<submission>/<task> <digest> <person>``: what was known of the files while they were the newest."""
    pushes: dict[str, datetime] = {}
    """By commit: when the host received it."""
    merged: dict[str, str] = {}
    """By commit that the host made when it merged: the newest commit of the pull request."""


class Times:
    """The times of a course's submissions."""

    def __init__(self, course: Course, handed_in: HandedIn | None = None, staff: tuple[str, ...] = ()) -> None:
        self._root, self._path = course.root, course.private / "grade" / "times.json"
        self._handed_in, self._staff = handed_in or HandedIn({}), staff
        self._before = self._read()
        self._file = msgspec.json.decode(msgspec.json.encode(self._before), type=_TimesFile)

    def newest(self, person: Person, task: str, digest: str) -> HandIn:
        """Return when the current files of the folder were handed in.

        The folder itself is not a source, because its owner can write there. The answer is stored for when these files
        are an earlier attempt, and removed once it is no longer known.
        """
        found = self._find(person, task, digest)
        key = f"{person.submission}/{task} {digest} {person.key}"
        if found.is_known:
            self._file.seen[key] = found
        else:
            self._file.seen.pop(key, None)
        return found

    def told_by_table(self, person: Person, task: str) -> HandIn:
        """Return when `person` handed in according to the other system's table, whether or not the files are here."""
        told = self._file.told.get(f"{person.submission}/{task} {person.key}")
        return UNKNOWN if told is None else HandIn(moment=told.moment, source=told.source)

    def earlier(self, person: Person, task: str, digest: str) -> HandIn:
        """Return when files with this digest were handed in, if it was known at that time."""
        files = f"{person.submission}/{task} {digest}"
        return self._file.seen.get(f"{files} {person.key}") or self._file.imported.get(files) or UNKNOWN

    def learn_import(self, submission: str, task: str, digest: str, found: HandIn) -> None:
        """Store what the other system states about files; the same files keep the earlier time."""
        key = f"{submission}/{task} {digest}"
        before = self._file.imported.get(key)
        if found.is_known and (before is None or _is_earlier(found, before)):
            self._file.imported[key] = found
        for told_key, told in self._file.told.items():
            if told_key.startswith(f"{submission}/{task} ") and not told.digest:
                self._file.told[told_key] = msgspec.structs.replace(told, digest=digest)

    def learn_table(self, person: Person, task: str, digest: str, moment: datetime, source: str) -> None:
        """Store a line of the other system's table; `digest` is that of the current files, '' for none."""
        self._file.told[f"{person.submission}/{task} {person.key}"] = _TableTime(
            moment=moment, source=source, digest=digest
        )

    def learn_pushes(self, pushes: Mapping[str, datetime], merged: Mapping[str, str]) -> int:
        """Store when the host received commits (the first time counts), and return how many are new."""
        known = len(self._file.pushes)
        for name, moment in pushes.items():
            self._file.pushes[name] = min(moment, self._file.pushes.get(name, moment))
        self._file.merged.update(merged)
        return len(self._file.pushes) - known

    def save(self) -> None:
        """Store what was learned."""
        if self._file != self._before:
            content = msgspec.json.format(msgspec.json.encode(self._file, order="deterministic"), indent=2)
            write_atomically(self._path, content + b"\n", 0o600)

    def _find(self, person: Person, task: str, digest: str) -> HandIn:
        if moment := self._handed_in.of(person, task):
            return HandIn(moment=moment, source="submitted.csv")
        if moment := person.submitted_by_task.get(task) or person.submitted:
            return HandIn(moment=moment, source="roster")
        told = self._file.told.get(f"{person.submission}/{task} {person.key}")
        if told is not None and told.digest in ("", digest):
            return HandIn(moment=told.moment, source=told.source)
        if imported := self._file.imported.get(f"{person.submission}/{task} {digest}"):
            return imported
        if claim := self._history.claim(f"submissions/{person.submission}/{task}"):
            return HandIn(moment=claim.moment, source=claim.words)
        return UNKNOWN

    @cached_property
    def _history(self) -> History:
        return History(self._root, self._staff, self._file.pushes, self._file.merged)

    def _read(self) -> _TimesFile:
        """Return what was stored; files of an earlier version hold entry times of archives and are ignored."""
        with contextlib.suppress(OSError, msgspec.DecodeError):
            found = msgspec.json.decode(self._path.read_bytes(), type=_TimesFile)
            if found.version == _VERSION:
                return found
        return _TimesFile()


def _is_earlier(one: HandIn, other: HandIn) -> bool:
    """Return whether `one` is more precise than `other`, or has an earlier time for the same files."""
    if one.moment is not None:
        return other.moment is None or one.moment < other.moment
    return other.moment is None and one.late is False and other.late is True
