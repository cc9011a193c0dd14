"""The isolation levels."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from functools import total_ordering
from typing import Literal

Start = Literal["warm", "cold"]
"""Whether workers are forked from a process that has imported the libraries, or started as new processes."""

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
class Isolation:
    """The level in force and how it was reached."""

    level: Level
    detail: str

    def __str__(self) -> str:
        return f"{self.level.value} ({self.detail}): {WHAT_HOLDS[self.level]}"


def cold_start_notice(why: str) -> str:
    """Return the notice that workers start cold: what that means and why."""
    return f"workers start slowly (cold), because each imports its libraries anew, which takes seconds: {why}"
