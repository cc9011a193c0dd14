"""Remember what an export wrote, so that the next one replaces only those cells."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import msgspec

from harness.course import Course
from harness.files import write_atomically


@dataclass(frozen=True)
class ExportMemory:
    """The cells that the last export of a task wrote. Only those may be replaced, not cells that people wrote."""

    course: Course
    name: str

    @property
    def _path(self) -> Path:
        return self.course.private / "export" / f"{self.name}.json"

    @property
    def former(self) -> Mapping[str, str]:
        """The content that the last export wrote, by the person's key."""
        try:
            return msgspec.json.decode(self._path.read_bytes(), type=dict[str, str])
        except (OSError, msgspec.DecodeError):
            return {}

    def keep(self, written: Mapping[str, str]) -> None:
        """Remember the content that was written."""
        if written:
            write_atomically(self._path, msgspec.json.encode({**self.former, **written}), 0o600)
