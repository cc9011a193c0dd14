"""Run the jobs of a grading run with any executor, and store each result exactly once."""

from __future__ import annotations

import logging
from collections.abc import Callable, Generator, Sequence
from contextlib import closing
from dataclasses import dataclass

from harness.errors import HarnessError
from harness.evaluation import EvaluationResult
from harness.grading._events import Event, Executor, JobDone, JobLost, JobStarted, NoticeRaised, PhaseReached
from harness.grading._journal import Journal
from harness.grading._work import Job, ResultSummary
from harness.record import UnstorableError

Keep = Callable[[EvaluationResult], EvaluationResult]


@dataclass(frozen=True, kw_only=True)
class Grading:
    """The executor of a grading run's jobs, and where results and problems are stored."""

    executor: Executor
    keep: Keep
    """Stores a result completely, or raises; returns the part of it that may be shown."""
    journal: Journal
    log: logging.Logger

    def run(self, jobs: Sequence[Job]) -> Generator[Event, None, None]:
        """Run `jobs`. Each result is stored before its event is yielded, and only once even if a job runs twice."""
        left = {str(job) for job in jobs}
        with closing(self.executor.run(jobs)) as events:
            for event in events:
                match event:
                    case JobDone(job, result):
                        if str(job) not in left:
                            continue
                        left.remove(str(job))
                        event = self._kept(job, result)
                    case JobLost(job, problem, final) if final:
                        self.journal.failed(str(job), problem)
                self.log.info(describe(event))
                yield event

    def _kept(self, job: Job, result: EvaluationResult) -> JobDone | JobLost:
        """Store one result. If that fails, the job is lost, and the others continue."""
        try:
            shown = self.keep(result)
        except (OSError, UnstorableError, HarnessError) as error:
            problem = f"its result cannot be stored: {error}"
            self.journal.failed(str(job), problem)
            return JobLost(job, problem, final=True)
        self.journal.done(str(job))
        return JobDone(job, shown)


def describe(event: Event) -> str:
    """Describe an event on one line."""
    match event:
        case JobStarted(job, where):
            return f"{job}: started in {where} ({job.why})"
        case PhaseReached(job, phase):
            return f"{job}: {phase}"
        case NoticeRaised(job, notice):
            return f"{job}: {notice}"
        case JobDone(job, result):
            return f"{job}: {describe_summary(ResultSummary.of(result.record))}"
        case JobLost(job, problem, final):
            return f"{job}: not graded{'' if final else ', will be tried again'}: {problem}"


def describe_summary(summary: ResultSummary) -> str:
    """Describe the result of a submission in a few words."""
    value = "" if summary.value is None else f" {summary.value:.4f}"
    reason = f": {summary.reason}" if summary.reason else ""
    failure = "" if summary.failure is None else f" ({summary.failure}{reason})"
    return f"{summary.status.replace('_', ' ')}{value}{failure}"
