"""Hand-in times: their sources, the order in which sources are trusted, and how times are stored.

The order is: the table ``submitted.csv``, the roster, the learning system's table of submissions, what the learning
system states about exactly these files (a time, or that they are late), the host's record of a push, and a commit. The
times in an archive are those of the download and are never used. If no source has a time, it is unknown, and the work
is not late.
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
    """Whether the other system marks the files as late, if no time is known."""
    source: str = ""
    """The source of the time; '' if no source has a time."""

    @property
    def is_known(self) -> bool:
        """Whether any source has a time."""
        return self.moment is not None or self.late is not None


UNKNOWN = HandIn()


class _TableTime(msgspec.Struct, frozen=True, kw_only=True):
    """A line of a learning system's table of submissions."""

    moment: datetime
    source: str
    digest: str
    """The digest of the files that existed when the table was read; '' if there were none."""


class _TimesFile(msgspec.Struct, kw_only=True):
    version: int = _VERSION
    imported: dict[str, HandIn] = {}
    """What a learning system states about files from its download, by ``<submission>/<task> <digest>``."""
    told: dict[str, _TableTime] = {}
    """What a learning system's table of submissions states, by ``<submission>/<task> <person>``."""
    seen: dict[str, HandIn] = {}
    """What was known about files while they were the newest, by ``<submission>/<task> <digest> <person>``."""
    pushes: dict[str, datetime] = {}
    """The time at which the host received each commit."""
    merged: dict[str, str] = {}
    """The newest commit of the pull request, by the commit that the host made when it merged the request."""


class Times:
    """The hand-in times of a course's submissions."""

    def __init__(self, course: Course, handed_in: HandedIn | None = None, staff: tuple[str, ...] = ()) -> None:
        self._root, self._path = course.root, course.private / "grade" / "times.json"
        self._handed_in, self._staff = handed_in or HandedIn({}), staff
        self._before = self._read()
        self._file = msgspec.json.decode(msgspec.json.encode(self._before), type=_TimesFile)

    def newest(self, person: Person, task: str, digest: str) -> HandIn:
        """Return the hand-in time of the current files.

        The folder itself is not a source, because its owner can write there. The answer is stored for the time when
        these files are an earlier attempt, and removed if it is no longer known.
        """
        found = self._find(person, task, digest)
        key = f"{person.submission}/{task} {digest} {person.key}"
        if found.is_known:
            self._file.seen[key] = found
        else:
            self._file.seen.pop(key, None)
        return found

    def told_by_table(self, person: Person, task: str) -> HandIn:
        """Return the hand-in time in a learning system's table, even if the files were not imported."""
        told = self._file.told.get(f"{person.submission}/{task} {person.key}")
        return UNKNOWN if told is None else HandIn(moment=told.moment, source=told.source)

    def earlier(self, person: Person, task: str, digest: str) -> HandIn:
        """Return the hand-in time of files with this digest, if it was known while they were the newest."""
        files = f"{person.submission}/{task} {digest}"
        return self._file.seen.get(f"{files} {person.key}") or self._file.imported.get(files) or UNKNOWN

    def learn_import(self, submission: str, task: str, digest: str, found: HandIn) -> None:
        """Store what a learning system states about files; the same files keep the earlier time."""
        key = f"{submission}/{task} {digest}"
        before = self._file.imported.get(key)
        if found.is_known and (before is None or _is_earlier(found, before)):
            self._file.imported[key] = found
        for told_key, told in self._file.told.items():
            if told_key.startswith(f"{submission}/{task} ") and not told.digest:
                self._file.told[told_key] = msgspec.structs.replace(told, digest=digest)

    def learn_table(self, person: Person, task: str, digest: str, moment: datetime, source: str) -> None:
        """Store a line of a learning system's table; `digest` is that of the current files, or '' if there are none."""
        self._file.told[f"{person.submission}/{task} {person.key}"] = _TableTime(
            moment=moment, source=source, digest=digest
        )

    def learn_pushes(self, pushes: Mapping[str, datetime], merged: Mapping[str, str]) -> int:
        """Store when the host first received commits, and return the number of new ones."""
        known = len(self._file.pushes)
        for name, moment in pushes.items():
            self._file.pushes[name] = min(moment, self._file.pushes.get(name, moment))
        self._file.merged.update(merged)
        return len(self._file.pushes) - known

    def save(self) -> None:
        """Write the stored times into the course's file."""
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
        """Return the stored times. Files of an earlier version are ignored, because they hold times from archives."""
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
