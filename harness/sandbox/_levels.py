"""The isolation levels."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from functools import total_ordering
from typing import Literal

from harness.errors import UsageError

Start = Literal["warm", "cold"]
"""Whether workers are forked from a process that has imported the libraries, or started as new processes."""

_EXACTLY = "exactly:"

Notify = Callable[[str], None]
"""A function that receives notices for the person who runs the command; it may receive the same notice repeatedly."""


@total_ordering
class Level(Enum):
    """Isolation levels, weakest first."""

    RLIMITS = "rlimits"
    LANDLOCK = "landlock"
    NAMESPACES = "namespaces"
    NAMESPACES_CGROUP = "namespaces+cgroup"

    def __lt__(self, other: Level) -> bool:
        order = list(Level)
        return order.index(self) < order.index(other)


GUARANTEES = {
    Level.NAMESPACES_CGROUP: "the kernel isolates files, network and processes and enforces limits",
    Level.NAMESPACES: "the kernel isolates files, network and processes; rlimits and a watchdog limit memory",
    Level.LANDLOCK: "the kernel isolates files, network and signals; disk use is unlimited, command lines are visible",
    Level.RLIMITS: "NOT SECURITY: only time limits and protection against accidents; a submission can read your files",
}


@dataclass(frozen=True)
class Requirement:
    """The isolation that is accepted: the best available level if it is at least `level`, or `exactly` that level."""

    level: Level = Level.RLIMITS
    exactly: bool = False

    @classmethod
    def parse(cls, text: str) -> Requirement:
        """Read ``LEVEL`` or ``exactly:LEVEL``.

        Raises:
            UsageError: it is neither.
        """
        name = text.removeprefix(_EXACTLY)
        try:
            return cls(Level(name), text.startswith(_EXACTLY))
        except ValueError:
            levels = ", ".join(repr(level.value) for level in reversed(Level))
            raise UsageError(f"isolation {text!r}: expected one of {levels}, or exactly:LEVEL") from None

    def accepts(self, level: Level) -> bool:
        """Return whether `level` meets the requirement."""
        return level is self.level if self.exactly else level >= self.level

    def __str__(self) -> str:
        return f"{_EXACTLY if self.exactly else ''}{self.level.value}"


@dataclass(frozen=True)
class Isolation:
    """The isolation level in use, and how it is implemented on this machine."""

    level: Level
    detail: str

    def __str__(self) -> str:
        return f"{self.level.value} ({self.detail}): {GUARANTEES[self.level]}"


def cold_start_notice(why: str) -> str:
    """Return the notice that workers start cold, with what that means and why."""
    return f"workers start slowly (cold), because each imports its libraries itself, which takes seconds: {why}"
