"""The journal of a course's grading runs, which lists the jobs that failed because of the infrastructure."""

from __future__ import annotations

import contextlib
from pathlib import Path

import msgspec

from harness.files import write_atomically


class Journal:
    """Problems of the infrastructure by submission; a job that succeeds later is removed.

    Grading works without it, so that a full disk is no reason to stop here.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            self._problems = msgspec.json.decode(path.read_bytes(), type=dict[str, str])
        except (OSError, msgspec.DecodeError):
            self._problems = {}

    @property
    def problems(self) -> dict[str, str]:
        """The problems of the infrastructure, by submission."""
        return dict(self._problems)

    def failed(self, job: str, problem: str) -> None:
        """Record that `job` failed because of the infrastructure."""
        self._write(self._problems | {job: problem})

    def done(self, job: str) -> None:
        """Remove `job`, because it has succeeded."""
        if job in self._problems:
            self._write({name: problem for name, problem in self._problems.items() if name != job})

    def _write(self, problems: dict[str, str]) -> None:
        self._problems = problems
        with contextlib.suppress(OSError):
            write_atomically(self._path, msgspec.json.format(msgspec.json.encode(problems), indent=2) + b"\n")
