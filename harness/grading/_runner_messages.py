"""The messages between the grader and its runners, as plain data."""

from __future__ import annotations

from typing import Literal

import msgspec

from harness.evaluation import Settings
from harness.record import Record
from harness.sandbox import Requirement, Start

Cause = Literal["infrastructure", "task"]
"""The cause of a failure that is not the submission's: ``task`` if the instructor must mend the task first."""


class Orders(msgspec.Struct, frozen=True, kw_only=True):
    """The settings for all submissions that a runner evaluates."""

    root: str
    """The folder of the course."""
    data_root: str | None
    settings: Settings
    isolation: Requirement
    start: Start = "warm"


class EvaluationRequest(msgspec.Struct, frozen=True):
    """A request to evaluate one submission."""

    name: str
    task: str
    folder: str
    shared: str | None


class PhaseBegun(msgspec.Struct, frozen=True, tag=True):
    """A phase has begun."""

    phase: str


class Notice(msgspec.Struct, frozen=True, tag=True):
    """A notice for the person who runs the command."""

    notice: str


class Finished(msgspec.Struct, frozen=True, tag=True):
    """The evaluation has a result, which may be the submission's failure."""

    record: Record
    evidence: bytes


class JobFailed(msgspec.Struct, frozen=True, tag=True):
    """The evaluation failed through no fault of the submission."""

    problem: str
    cause: Cause = "infrastructure"


class UnsuitableMachine(msgspec.Struct, frozen=True, tag=True):
    """The machine cannot be used, because its results would not be comparable."""

    problem: str


RunnerReply = PhaseBegun | Notice | Finished | JobFailed | UnsuitableMachine
