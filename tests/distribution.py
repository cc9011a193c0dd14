"""Which tests run in the same process, where several processes run the suite.

Some fixtures take minutes: a class is evaluated, all attacks are handed in. They are made once in each process that
needs them, so all tests that ask for one of them run in the same process, and so do the tests of a file.

`pytest-xdist` has ``--dist loadgroup`` for this, by a suffix of the names of tests; pytest 9.2 ignores that suffix
without a word. Here each process writes down which group its tests are in, and the one that distributes them reads it.
"""

from __future__ import annotations

import json
import os
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest
from _pytest.runner import runtestprotocol
from xdist.scheduler import LoadScopeScheduling

SHARED = ("siege", "cold_siege", "notebook_siege", "classroom")
"""Fixtures that take long and are made once in a process; the first that a test asks for names its group."""

TOLD_OF_DURATION = 0.005
"""Seconds from which on ``--durations`` names a phase."""


class ByGroup(LoadScopeScheduling):  # type: ignore[misc] # xdist is not needed to check types
    """Give each group of tests to one process, in the order in which they were collected."""

    def __init__(self, config: pytest.Config, log: Any, groups: Path) -> None:
        super().__init__(config, log)
        self._file = groups
        self.config.option.loadscopereorder = False

    @cached_property
    def _groups(self) -> dict[str, str]:
        groups: dict[str, str] = json.loads(self._file.read_text())
        return groups

    def _split_scope(self, nodeid: str) -> str:
        return self._groups[nodeid]


def group_of(item: pytest.Item) -> str:
    """Name the group of a test: a fixture that it shares with others, else its file."""
    names = getattr(item, "fixturenames", ())
    return next((name for name in SHARED if name in names), str(item.path.relative_to(item.config.rootpath)))


def takes_long(item: pytest.Item) -> bool:
    """Return whether a test's group is better begun early than left for the end, when other processes have nothing."""
    return group_of(item) in SHARED or item.get_closest_marker("thorough") is not None


def write_groups(items: list[pytest.Item], path: Path) -> None:
    """Write down which group each of `items` is in; every process writes the same."""
    own = path.with_suffix(f".{os.getpid()}")
    own.write_text(json.dumps({item.nodeid: group_of(item) for item in items}))
    own.replace(path)


def run_and_report(item: pytest.Item, nextitem: pytest.Item | None) -> None:
    """Run a test as pytest does, and report of its three phases what anybody is told.

    A report to the process that distributes the tests costs more than most tests do. Of a setup or a teardown that
    passed, only ``--durations`` tells something, and that if it took long.
    """
    place = {"nodeid": item.nodeid, "location": item.location}
    item.ihook.pytest_runtest_logstart(**place)
    for report in runtestprotocol(item, log=False, nextitem=nextitem):
        if report.when == "call" or not report.passed or report.duration >= TOLD_OF_DURATION:
            item.ihook.pytest_runtest_logreport(report=report)
    item.ihook.pytest_runtest_logfinish(**place)
