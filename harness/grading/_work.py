"""Plan a grading run: which submissions are evaluated and why, and which records are kept."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from harness.course import Submission
from harness.errors import HarnessError, InfrastructureError
from harness.evaluation import (
    Changed,
    Settings,
    TaskInUse,
    TasksInUse,
    identify,
    lacks_comparison,
    read_contents,
    wants_claims,
)
from harness.record import Record, Status, Store, Unreadable
from harness.sandbox import Level, Requirement

Reason = (
    Changed
    | Literal["not graded before", "new", "weaker isolation", "unreadable record", "claims not compared", "forced"]
)
"""Why a submission is evaluated."""


@dataclass(frozen=True, slots=True)
class ResultSummary:
    """The summary of a record for tables. It is small because thousands are in memory at once."""

    name: str
    task: str
    status: Status
    value: float | None
    """The primary score, or the public score if the rest is withheld."""
    failure: str | None
    reason: str = ""
    """The failure's message on one line."""

    @classmethod
    def of(cls, record: Record) -> ResultSummary:
        """Return the summary of `record`."""
        score = record.public_score if record.status == "withheld" else record.primary
        score = None if record.status == "failed" else score
        return cls(
            name=record.submission.name,
            task=record.task.name,
            status=record.status,
            value=None if score is None else score.value,
            failure=None if record.failure is None else record.failure.kind,
            reason="" if record.failure is None else " ".join(record.failure.message.split()),
        )


@dataclass(frozen=True)
class Job:
    """One evaluation to be done."""

    submission: Submission
    why: Reason
    fit_seconds: float = 0.0
    """The duration of the last fit."""

    def __str__(self) -> str:
        return str(self.submission)


@dataclass(frozen=True)
class Kept:
    """A submission whose record is still valid, so it is not evaluated again."""

    submission: Submission
    record: Record

    @property
    def summary(self) -> ResultSummary:
        """The summary of the record."""
        return ResultSummary.of(self.record)


@dataclass(frozen=True)
class Obstacle:
    """A task or a submission that cannot be graded, with the reason."""

    what: str
    error: HarnessError


@dataclass(frozen=True)
class Work:
    """The plan of a grading run: the jobs, the records that are still valid, and what cannot be graded."""

    jobs: tuple[Job, ...]
    kept: tuple[Kept, ...]
    obstacles: tuple[Obstacle, ...]
    threads: int = 1
    """The maximum number of threads of a job."""


@dataclass(frozen=True, kw_only=True)
class Terms:
    """What decides whether a submission is evaluated again."""

    settings: Settings
    isolation: Requirement
    force: bool
    """Whether to evaluate unchanged submissions again."""
    failed: Mapping[str, str]
    """Failures of the infrastructure in earlier runs, by submission."""


def plan_work(tasks: TasksInUse, records: Store, submissions: Iterable[Submission], terms: Terms) -> Work:
    """Compare every submission with its newest record, without running anything or loading data with known facts."""
    submissions = list(submissions)
    used, obstacles = _use(tasks, {submission.task for submission in submissions})
    jobs: list[Job] = []
    kept: list[Kept] = []
    for submission in submissions:
        if submission.task not in used:
            continue
        try:
            found = _compare(submission, used[submission.task], records.read(submission.task, submission.name), terms)
        except (OSError, HarnessError) as error:
            obstacles.append(Obstacle(str(submission), InfrastructureError(f"its files cannot be read: {error}")))
            continue
        match found:
            case Job() as job:
                jobs.append(job)
            case Kept() as one:
                kept.append(one)
    threads = max((used[job.submission.task].task.threads for job in jobs), default=1)
    return Work(tuple(sorted(jobs, key=_order)), tuple(kept), tuple(obstacles), threads)


def _use(tasks: TasksInUse, names: Iterable[str]) -> tuple[dict[str, TaskInUse], list[Obstacle]]:
    used, obstacles = {}, []
    for name in sorted(names):
        try:
            used[name] = tasks.task(name)
        except HarnessError as error:
            obstacles.append(Obstacle(f"task {name}", error))
        except OSError as error:
            obstacles.append(Obstacle(f"task {name}", InfrastructureError(f"its files cannot be read: {error}")))
    return used, obstacles


def _compare(submission: Submission, used: TaskInUse, record: Record | Unreadable | None, terms: Terms) -> Job | Kept:
    contents = read_contents(submission.folder, used.task.limits, submission.shared)
    match record:
        case None:
            failed = str(submission) in terms.failed
            return Job(submission, "not graded before" if failed else "new")
        case Unreadable():
            return Job(submission, "unreadable record")
    fit_seconds = record.cost.fit_seconds or 0.0
    if terms.force:
        return Job(submission, "forced", fit_seconds)
    named = record.run.isolation.level
    level = Level(named) if named in [known.value for known in Level] else None
    if level is None or not terms.isolation.accepts(level):
        return Job(submission, "weaker isolation", fit_seconds)
    identity = identify(submission.name, contents, used, terms.settings, level.value)
    if record.run.id == identity.id:
        if wants_claims(used.task, terms.settings) and lacks_comparison(record, contents):
            return Job(submission, "claims not compared", fit_seconds)
        return Kept(submission, record)
    return Job(submission, identity.why_changed(record), fit_seconds)


def _order(job: Job) -> tuple[str, float, str]:
    """Sort jobs by task and duration: fits that start together should end together, as measuring makes all wait."""
    return (job.submission.task, -job.fit_seconds, job.submission.name)
