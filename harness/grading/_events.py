"""What happens in a grading run, and the executors that make it happen."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import Protocol

from harness.evaluation import EvaluationResult
from harness.grading._runner_messages import Cause
from harness.grading._work import Job


@dataclass(frozen=True)
class Begun:
    """A job is being done."""

    job: Job
    where: str


@dataclass(frozen=True)
class Advanced:
    """A job has come to a phase."""

    job: Job
    phase: str


@dataclass(frozen=True)
class Noticed:
    """Whoever runs the command is to know something that came up while a job was done; it may come several times."""

    job: Job
    notice: str


@dataclass(frozen=True)
class JobDone:
    """A job has a result, a student's failure included; nobody has kept it yet."""

    job: Job
    result: EvaluationResult


@dataclass(frozen=True)
class Lost:
    """A job has no result, for a reason that is not the student's."""

    job: Job
    problem: str
    final: bool
    """Whether nobody will try again in this run."""
    cause: Cause = "infrastructure"


Event = Begun | Advanced | Noticed | JobDone | Lost


class Executor(Protocol):
    """Does jobs somewhere."""

    def run(self, jobs: Sequence[Job]) -> Generator[Event, None, None]:
        """Do all `jobs`; yield what happens as it does. Closing the generator ends whatever runs."""
