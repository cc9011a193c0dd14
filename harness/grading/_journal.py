"""What a grading run leaves for the next: which jobs the infrastructure failed."""

from __future__ import annotations

from pathlib import Path

import msgspec

from harness.files import write_atomically


class Journal:
    """Problems of ours by submission; a job that is done at last is struck out."""

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            self._problems = msgspec.json.decode(path.read_bytes(), type=dict[str, str])
        except (OSError, msgspec.DecodeError):  # it is a help, no more
            self._problems = {}

    @property
    def problems(self) -> dict[str, str]:
        """What went wrong, by submission."""
        return dict(self._problems)

    def failed(self, job: str, problem: str) -> None:
        """Take note that the infrastructure failed `job`."""
        self._write(self._problems | {job: problem})

    def done(self, job: str) -> None:
        """Strike `job` out."""
        if job in self._problems:
            self._write({name: problem for name, problem in self._problems.items() if name != job})

    def _write(self, problems: dict[str, str]) -> None:
        self._problems = problems
        write_atomically(self._path, msgspec.json.format(msgspec.json.encode(problems), indent=2) + b"\n")
