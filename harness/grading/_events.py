"""The events of a grading run, and the interface of the executors that produce them."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import Protocol

from harness.evaluation import EvaluationResult
from harness.grading._runner_messages import Cause
from harness.grading._work import Job


@dataclass(frozen=True)
class JobStarted:
    """A job has been started."""

    job: Job
    where: str


@dataclass(frozen=True)
class PhaseReached:
    """A job has reached a phase."""

    job: Job
    phase: str


@dataclass(frozen=True)
class NoticeRaised:
    """A job's notice for the person who runs the command; the same notice may come several times."""

    job: Job
    notice: str


@dataclass(frozen=True)
class JobDone:
    """A job has a result, which may be the submission's failure and is not stored yet."""

    job: Job
    result: EvaluationResult


@dataclass(frozen=True)
class JobLost:
    """A job has no result, through no fault of the submission."""

    job: Job
    problem: str
    final: bool
    """Whether this run will not try the job again."""
    cause: Cause = "infrastructure"


Event = JobStarted | PhaseReached | NoticeRaised | JobDone | JobLost


class Executor(Protocol):
    """Runs jobs, on this machine or elsewhere."""

    def run(self, jobs: Sequence[Job]) -> Generator[Event, None, None]:
        """Run all `jobs`, and yield events as they happen. Closing the generator ends the running jobs."""
