"""Write the tests of an assignment in GitHub repositories: ``autograding.json``, and the list for Classroom 50.

An action such as ``education/autograding`` reads ``.github/classroom/autograding.json``: an object with ``tests``,
whose time-outs are in minutes (https://github.com/education/autograding, README). Classroom 50's own runner reads only
the list of tests, with a ``type`` and time-outs in seconds (foundation50/classroom50, wiki/Autograders.md).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import msgspec

from harness.contract import Limits, Task
from harness.errors import UsageError
from harness.gradebook import most_points

MOST_SECONDS = 600
"""The longest time-out, in seconds, that Classroom 50 accepts for one command."""
_MOST_POINTS = 1_000
_DEFAULT_POINTS = 100
_START_SECONDS = 60
"""Additional seconds for the interpreter, the data and the yardstick."""
_INSTALL = "python3 -m pip install --quiet --requirement .github/harness.txt"


@dataclass(frozen=True, kw_only=True)
class AutogradingSettings:
    """The settings of the tests."""

    data: str
    points: int | None = None
    """The points of the whole assignment; None for the task's maximum."""
    install: str = _INSTALL
    """The shell command that installs the harness."""


class AutogradingTest(msgspec.Struct, frozen=True, kw_only=True):
    """One shell command; the test passes if it exits with 0."""

    name: str
    setup: str
    run: str
    input: str = ""
    output: str = ""
    comparison: str = "included"
    """The text that the output must include. Any output includes the empty text, so only the exit code decides."""
    timeout: int
    """The time-out in minutes."""
    points: int


class _Autograding(msgspec.Struct, frozen=True):
    tests: tuple[AutogradingTest, ...]


class Classroom50Test(msgspec.Struct, frozen=True, kw_only=True):
    """One shell command; Classroom 50 refuses fields that it does not know."""

    name: str
    type: str
    run: str
    setup: str
    timeout: int
    """The time-out in seconds."""
    points: int


def autograding_json(task: Task, settings: AutogradingSettings) -> bytes:
    """Return ``autograding.json`` for `task`, which tests whether the model keeps the contract and meets the baseline.

    Raises:
        UsageError: the task's points are not a whole number, or too many for an assignment.
    """
    points = _points(task, settings)
    tests = tuple(
        AutogradingTest(
            name=one.name, setup=one.setup, run=one.run, timeout=math.ceil(one.seconds / 60), points=one.points
        )
        for one in _commands(task, settings, points)
    )
    return _formatted(_Autograding(tests))


def classroom50_json(task: Task, settings: AutogradingSettings) -> bytes:
    """Return the same tests in the form for Classroom 50 (``gh teacher assignment add … --tests FILE``).

    Raises:
        UsageError: the task's points are not a whole number, or too many for an assignment.
    """
    points = _points(task, settings)
    tests = tuple(
        Classroom50Test(
            name=one.name,
            type="run",
            run=one.run,
            setup=one.setup,
            timeout=min(math.ceil(one.seconds), MOST_SECONDS),
            points=one.points,
        )
        for one in _commands(task, settings, points)
    )
    return _formatted(tests)


def longest_seconds(limits: Limits) -> float:
    """Return the number of seconds after which the last limit ends an evaluation."""
    of_cpu_time = ("import_seconds", "fit_cpu_seconds", "save_seconds", "load_seconds")
    measured = limits.predict_seconds + limits.measure_seconds
    return _START_SECONDS + sum(map(limits.wall_clock_seconds, of_cpu_time)) + measured


@dataclass(frozen=True, kw_only=True)
class _Command:
    name: str
    setup: str
    run: str
    seconds: float
    points: int


def _commands(task: Task, settings: AutogradingSettings, points: int) -> tuple[_Command, ...]:
    """Return the two commands; the first one installs the harness for both, because files are kept between them."""
    place = f"submissions/*/{task.name}"
    return (
        _Command(
            name=f"{task.name}: keeps the contract",
            setup=settings.install,
            run=f"harness check {place} --data {settings.data}",
            seconds=min(longest_seconds(task.limits), MOST_SECONDS),
            points=0,
        ),
        _Command(
            name=f"{task.name}: meets the baseline",
            setup="",
            run=f"harness evaluate {place} --data {settings.data} --no-store",
            seconds=longest_seconds(task.limits),
            points=points,
        ),
    )


def _points(task: Task, settings: AutogradingSettings) -> int:
    if settings.points is not None:
        return settings.points
    most = most_points(task)
    if most is None:
        return _DEFAULT_POINTS
    if most != int(most) or most > _MOST_POINTS:
        raise UsageError(
            f"task {task.name} gives {most:g} points at most, but an assignment needs a whole number up to "
            f"{_MOST_POINTS:,}: give one with --points"
        )
    return int(most)


def _formatted(tests: object) -> bytes:
    return msgspec.json.format(msgspec.json.encode(tests), indent=2) + b"\n"
