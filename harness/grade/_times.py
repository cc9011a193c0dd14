"""When a submission was handed in: what the roster, an import or git say, kept by what was handed in."""

from __future__ import annotations

import contextlib
import subprocess
from collections.abc import Iterator
from datetime import datetime
from functools import cached_property

import msgspec

from harness.course import Course
from harness.files import write_atomically
from harness.grade._roster import Person


class Times:
    """The times of a course's submissions; those learnt are kept for a later look at earlier attempts."""

    def __init__(self, course: Course) -> None:
        self._root, self._path = course.root, course.private / "grade" / "times.json"
        try:
            self._kept = msgspec.json.decode(self._path.read_bytes(), type=dict[str, datetime])
        except (OSError, msgspec.DecodeError):
            self._kept = {}
        self._learnt: dict[str, datetime] = {}

    def newest(self, person: Person, task: str, digest: str) -> datetime | None:
        """Return when what lies in the folder now was handed in: the roster's word, the import's, git's.

        Nothing in the folder itself is asked: its owner may write there.
        """
        folder = f"submissions/{person.submission}/{task}"
        moment = person.submitted or self._kept.get(f"{folder} {digest}") or self._commits.get(folder)
        if moment is not None:
            self.learn(person.submission, task, digest, moment)
        return moment

    def earlier(self, person: Person, task: str, digest: str) -> datetime | None:
        """Return when files of this digest were handed in, if anybody knew then."""
        return self._kept.get(f"submissions/{person.submission}/{task} {digest}")

    def learn(self, submission: str, task: str, digest: str, moment: datetime) -> None:
        """Take note of when files of this digest were handed in."""
        self._learnt[f"submissions/{submission}/{task} {digest}"] = moment

    def save(self) -> None:
        """Keep what was learnt; the last word on the same files stands."""
        if (merged := self._kept | self._learnt) != self._kept:
            write_atomically(self._path, msgspec.json.format(msgspec.json.encode(merged), indent=2) + b"\n", 0o600)

    @cached_property
    def _commits(self) -> dict[str, datetime]:
        """The newest commit that touched each ``submissions/<name>/<task>``, in one walk through the history."""
        found: dict[str, datetime] = {}
        when: datetime | None = None
        for line in self._log():
            if line.startswith("\1"):
                when = datetime.fromisoformat(line[1:])
            elif when is not None and len(parts := line.split("/")) > 3:
                found.setdefault("/".join(parts[:3]), when)
        return found

    def _log(self) -> Iterator[str]:
        git = ["git", "-C", str(self._root), "-c", "core.quotePath=false"]
        show = ["log", "--format=%x01%cI", "--name-only", "--relative", "--", "submissions"]
        with contextlib.suppress(OSError):
            done = subprocess.run([*git, *show], capture_output=True, text=True, errors="surrogateescape", check=False)
            if done.returncode == 0:
                yield from done.stdout.splitlines()
