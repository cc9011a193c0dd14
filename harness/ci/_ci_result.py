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
    """The p-value of both being equally good, from their intervals."""


class Place(_ResultPart, frozen=True, kw_only=True):
    """The ranks that it may have among all results on the same data."""

    low: int
    high: int
    of: int


class Points(_ResultPart, frozen=True, kw_only=True):
    """The points that the score would earn, and the maximum."""

    earned: float
    most: float


class Lesson(_ResultPart, frozen=True, kw_only=True):
    """A finding about a result."""

    code: str
    seen: str
    advice: str


class LoggedQuantity(_ResultPart, frozen=True, kw_only=True):
    """What a model logged while it learned, thinned out."""

    name: str
    values: tuple[float, ...]
    first: float
    last: float


class ConfusedClasses(_ResultPart, frozen=True, kw_only=True):
    """How many items of one class were taken for another."""

    true: str
    said: str
    count: int
    of: int


class Teaching(_ResultPart, frozen=True, kw_only=True):
    """What can be learned from a result."""

    lessons: tuple[Lesson, ...] = ()
    logged: tuple[LoggedQuantity, ...] = ()
    confused: tuple[ConfusedClasses, ...] = ()


class Graded(_ResultPart, frozen=True, kw_only=True):
    """One submission's record, and the results that it is compared with."""

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
        """Return the submission, or all submissions, that the problem is about."""
        return f"{self.name} · {self.task}" if self.task else self.name


class Result(_ResultPart, frozen=True, kw_only=True):
    """The complete result of one run of CI."""

    result_version: int = RESULT_VERSION
    base: str
    head: str
    score_on: ScoredOn
    isolation: str | None
    """The isolation of the run; None if nothing was run."""
    refused: bool
    findings: tuple[FileFinding, ...]
    graded: tuple[Graded, ...]
    deleted: tuple[str, ...]
    problems: tuple[Problem, ...]

    @property
    def good(self) -> bool:
        """Whether everything evaluated passed, as far as that may be told, and nothing else is wrong."""
        wrong = any(finding.severity == "error" for finding in self.findings)
        return (
            not wrong and not self.problems and all(one.record.status in ("passed", "withheld") for one in self.graded)
        )
