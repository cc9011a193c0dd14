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
"""Receives a notice for the person who runs the command; the same notice may come several times."""


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


WHAT_HOLDS = {
    Level.NAMESPACES_CGROUP: "files, network, processes and limits held by the kernel",
    Level.NAMESPACES: "files, network and processes held by the kernel, memory by rlimit and watchdog",
    Level.LANDLOCK: "files, network and signals held by the kernel; disk uncapped, command lines visible",
    Level.RLIMITS: "NOT SECURITY: time-outs and accident protection only; a submission can read your files",
}


@dataclass(frozen=True)
class Requirement:
    """Which isolation is accepted: the best there is, if it is `level` or better; with `exactly` that level alone."""

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
        """Return whether `level` will do."""
        return level is self.level if self.exactly else level >= self.level

    def __str__(self) -> str:
        return f"{_EXACTLY if self.exactly else ''}{self.level.value}"


@dataclass(frozen=True)
class Isolation:
    """The level in force and how it was reached."""

    level: Level
    detail: str

    def __str__(self) -> str:
        return f"{self.level.value} ({self.detail}): {WHAT_HOLDS[self.level]}"


def cold_start_notice(why: str) -> str:
    """Return the notice that workers start cold: what that means and why."""
    return f"workers start slowly (cold), because each imports its libraries anew, which takes seconds: {why}"
