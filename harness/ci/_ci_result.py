"""The result of a run of CI, as plain data that can be stored and sent."""

from __future__ import annotations

from typing import Literal

import msgspec

from harness.record import Record, Score, ScoredOn

RESULT_VERSION = 1


class _ResultPart(msgspec.Struct, frozen=True, kw_only=True):
    pass


class FileFinding(_ResultPart, frozen=True, kw_only=True):
    """A finding about one file of a change."""

    severity: Literal["error", "warning"]
    path: str
    line: int | None
    message: str


class Former(_ResultPart, frozen=True, kw_only=True):
    """The same person's earlier result on the same data."""

    started: str
    score: Score
    p_value: float
    """The p-value of the hypothesis that both are equally good, computed from their intervals."""


class Place(_ResultPart, frozen=True, kw_only=True):
    """The range of ranks that a result may have among all results on the same data."""

    low: int
    high: int
    of: int


class Points(_ResultPart, frozen=True, kw_only=True):
    """The points that a score would earn, and the maximum."""

    earned: float
    most: float


class Lesson(_ResultPart, frozen=True, kw_only=True):
    """A finding about a result that a student can learn from."""

    code: str
    seen: str
    advice: str


class LoggedQuantity(_ResultPart, frozen=True, kw_only=True):
    """A quantity that a model logged while it learned, reduced to a few values."""

    name: str
    values: tuple[float, ...]
    first: float
    last: float


class ConfusedClasses(_ResultPart, frozen=True, kw_only=True):
    """The number of items of one class that were taken for another."""

    true: str
    predicted: str
    count: int
    of: int


class Teaching(_ResultPart, frozen=True, kw_only=True):
    """Everything that a student can learn from a result."""

    lessons: tuple[Lesson, ...] = ()
    logged: tuple[LoggedQuantity, ...] = ()
    confused: tuple[ConfusedClasses, ...] = ()


class Graded(_ResultPart, frozen=True, kw_only=True):
    """The record of one submission, and the results with which it is compared."""

    record: Record
    reused: bool
    renamed_from: str | None
    former: Former | None
    place: Place | None
    points: Points | None
    teaching: Teaching = Teaching()


class Problem(_ResultPart, frozen=True, kw_only=True):
    """A submission that could not be evaluated, through no fault of its own."""

    name: str
    task: str
    message: str

    @property
    def who(self) -> str:
        """The submission, or the submissions, that have the problem."""
        return f"{self.name} · {self.task}" if self.task else self.name


class Result(_ResultPart, frozen=True, kw_only=True):
    """The complete result of one run of CI."""

    result_version: int = RESULT_VERSION
    base: str
    head: str
    score_on: ScoredOn
    isolation: str | None
    """The isolation of the run; None if nothing was evaluated."""
    refused: bool
    findings: tuple[FileFinding, ...]
    graded: tuple[Graded, ...]
    deleted: tuple[str, ...]
    problems: tuple[Problem, ...]

    @property
    def good(self) -> bool:
        """Whether every submission passed, as far as that may be published, and there are no other problems."""
        wrong = any(finding.severity == "error" for finding in self.findings)
        return (
            not wrong and not self.problems and all(one.record.status in ("passed", "withheld") for one in self.graded)
        )
