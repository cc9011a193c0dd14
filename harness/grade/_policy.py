"""What lateness costs, and which attempt counts."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Literal

import msgspec

from harness.contract import UsageError
from harness.course import suggest

POLICY_FILE = "gradebook.toml"
_DAY = timedelta(days=1)


class _Late(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    grace_days: int = 0
    factor: float = 1.0
    attempt: Literal["last", "best"] = "last"


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    deadlines: dict[str, datetime] = {}
    late: _Late = _Late()


@dataclass(frozen=True, kw_only=True)
class Policy:
    """The rules of a gradebook; ``gradebook.toml`` of the course, or what the command line says.

    [deadlines]
    usps = 2026-01-31T23:59:00+01:00

    [late]
    grace_days = 3        # a person's, for all tasks together
    factor = 0.9          # of the points, for each day begun beyond them
    attempt = "last"      # or "best"
    """

    deadlines: Mapping[str, datetime] = field(default_factory=dict)
    every_deadline: datetime | None = None
    grace_days: int = 0
    factor: float = 1.0
    attempt: Literal["last", "best"] = "last"

    @classmethod
    def read(cls, path: Path, tasks: list[str]) -> Policy:
        """Read `path`; where there is no file nothing is late.

        Raises:
            UsageError: the file has a mistake.
        """
        try:
            content = tomllib.loads(path.read_text(encoding="utf-8"))
            found = msgspec.convert(content, _File)
        except FileNotFoundError:
            return cls()
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
            raise UsageError(f"{path}: {error}") from error
        for task in found.deadlines:
            if task not in tasks:
                raise UsageError(f"{path}: a deadline for {task!r}, which is no task{suggest(task, tasks)}")
        late = found.late
        if not (0 <= late.factor <= 1 and late.grace_days >= 0):
            raise UsageError(f"{path}: expected a factor in [0, 1] and grace_days of 0 or more, found {late}")
        return cls(
            deadlines={task: moment.astimezone() for task, moment in found.deadlines.items()},
            grace_days=late.grace_days,
            factor=late.factor,
            attempt=late.attempt,
        )

    def with_deadline(self, moment: datetime | None) -> Policy:
        """Return this policy with one deadline for every task, if one is given."""
        return self if moment is None else replace(self, every_deadline=moment)

    def deadline(self, task: str) -> datetime | None:
        """Return when `task` was due; None for never."""
        return self.every_deadline or self.deadlines.get(task)

    def days_late(self, task: str, submitted: datetime | None) -> int:
        """Return the days begun since the deadline; 0 where nobody knows when it was submitted."""
        deadline = self.deadline(task)
        if deadline is None or submitted is None or submitted <= deadline:
            return 0
        return math.ceil((submitted - deadline) / _DAY)
