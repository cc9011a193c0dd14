"""What a grader and whoever evaluates for it say to each other: plain data."""

from __future__ import annotations

from typing import Literal

import msgspec

from harness.evaluation import Settings
from harness.record import Record
from harness.sandbox import Requirement, Start

Cause = Literal["infrastructure", "task"]
"""What was not the student's: another attempt may get around the first; the second is the instructor's to mend."""


class Orders(msgspec.Struct, frozen=True, kw_only=True):
    """What holds for every submission that a runner is asked to evaluate."""

    root: str
    """The folder of the course."""
    data_root: str | None
    settings: Settings
    isolation: Requirement
    start: Start = "warm"


class EvaluationRequest(msgspec.Struct, frozen=True):
    """Evaluate one submission."""

    name: str
    task: str
    folder: str
    shared: str | None


class PhaseBegun(msgspec.Struct, frozen=True, tag=True):
    """A phase has begun."""

    phase: str


class Notice(msgspec.Struct, frozen=True, tag=True):
    """Something that the person who runs the command should know."""

    notice: str


class Finished(msgspec.Struct, frozen=True, tag=True):
    """The result, a student's failure included."""

    record: Record
    evidence: bytes


class Broken(msgspec.Struct, frozen=True, tag=True):
    """Something failed that is not the student's."""

    problem: str
    cause: Cause = "infrastructure"


class Unfit(msgspec.Struct, frozen=True, tag=True):
    """The machine may not be asked."""

    problem: str


RunnerReply = PhaseBegun | Notice | Finished | Broken | Unfit
