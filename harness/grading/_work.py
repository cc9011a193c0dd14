"""The plan: what will be run and why, and what is kept."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from harness._version import __version__
from harness.contract import Task
from harness.course import Course, Submission
from harness.data import Asset, DataChoice, DataFacts, Places, assets_here, find_facts
from harness.errors import HarnessError, InfrastructureError
from harness.evaluation import (
    LATENCY_SECONDS,
    Contents,
    Device,
    Key,
    assets_in_use,
    choose_mode,
    package_versions,
    read_contents,
    seeds_for,
)
from harness.record import Mode, Record, Status, Store, Unreadable
from harness.sandbox import Level

Reason = Literal[
    "not graded before",
    "new",
    "changed submission",
    "changed task",
    "changed data",
    "changed harness",
    "changed environment",
    "other settings",
    "weaker isolation",
    "unreadable record",
    "forced",
]


@dataclass(frozen=True, slots=True)
class Standing:
    """What of a record a table needs; thousands are held at a time."""

    name: str
    task: str
    status: Status
    value: float | None
    """The primary score."""
    failure: str | None
    reason: str = ""
    """What the failure's message says, on one line."""

    @classmethod
    def of(cls, record: Record) -> Standing:
        """Return what `record` says in short."""
        score = None if record.status == "failed" else record.primary
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
    """How long it took the last time."""

    def __str__(self) -> str:
        return str(self.submission)


@dataclass(frozen=True)
class Kept:
    """A submission whose record still says what an evaluation now would say."""

    submission: Submission
    standing: Standing


@dataclass(frozen=True)
class Obstacle:
    """A task or a submission that nothing can be run for, and why."""

    what: str
    error: HarnessError


@dataclass(frozen=True)
class Work:
    """Everything that was asked for: what is to be done, what is kept, what cannot be had."""

    jobs: tuple[Job, ...]
    kept: tuple[Kept, ...]
    obstacles: tuple[Obstacle, ...]
    threads: int = 1
    """The most that one job uses."""


@dataclass(frozen=True, kw_only=True)
class Terms:
    """What holds for every submission of a grading run."""

    data: DataChoice
    seed: int
    least: Level
    """The weakest isolation that counts."""
    device: Device
    latency_seconds: float = LATENCY_SECONDS
    force: bool
    failed: Mapping[str, str]
    """What the infrastructure did to earlier attempts, by submission."""


@dataclass(frozen=True)
class _Asked:
    """A task as it stands."""

    task: Task
    digest: str
    facts: DataFacts
    assets: tuple[Asset, ...]


def plan_work(course: Course, records: Store, places: Places, submissions: Iterable[Submission], terms: Terms) -> Work:
    """Compare every submission with its newest record; nothing is run, no data is loaded that was seen before."""
    submissions = list(submissions)
    asked, obstacles = _ask(course, places, terms, {submission.task for submission in submissions})
    jobs: list[Job] = []
    kept: list[Kept] = []
    for submission in submissions:
        if submission.task not in asked:
            continue
        try:
            found = _compare(submission, asked[submission.task], records.read(submission.task, submission.name), terms)
        except (OSError, HarnessError) as error:
            obstacles.append(Obstacle(str(submission), InfrastructureError(f"its files cannot be read: {error}")))
            continue
        match found:
            case Job() as job:
                jobs.append(job)
            case Kept() as one:
                kept.append(one)
    threads = max((asked[job.submission.task].task.threads for job in jobs), default=1)
    return Work(tuple(sorted(jobs, key=_order)), tuple(kept), tuple(obstacles), threads)


def _ask(
    course: Course, places: Places, terms: Terms, names: Iterable[str]
) -> tuple[dict[str, _Asked], list[Obstacle]]:
    asked, obstacles = {}, []
    environment = " ".join(f"{name}={version}" for name, version in sorted(package_versions().items()))
    for name in sorted(names):
        try:
            task, digest = course.task(name), course.task_digest(name)
            asked[name] = _Asked(
                task, digest, find_facts(task, digest, places, terms.data, environment), assets_here(task, places)
            )
        except HarnessError as error:
            obstacles.append(Obstacle(f"task {name}", error))
        except OSError as error:
            obstacles.append(Obstacle(f"task {name}", InfrastructureError(f"its files cannot be read: {error}")))
    return asked, obstacles


def _compare(submission: Submission, asked: _Asked, record: Record | Unreadable | None, terms: Terms) -> Job | Kept:
    contents = read_contents(submission.folder, asked.task.limits, submission.shared)
    match record:
        case None:
            failed = str(submission) in terms.failed
            return Job(submission, "not graded before" if failed else "new")
        case Unreadable():
            return Job(submission, "unreadable record")
    mode = choose_mode(asked.task, contents.ships_weights, "declared")
    fit_seconds = record.cost.fit_seconds or 0.0
    if terms.force:
        return Job(submission, "forced", fit_seconds)
    named = record.run.isolation.level
    level = Level(named) if named in [known.value for known in Level] else None
    if level is None or level < terms.least:
        return Job(submission, "weaker isolation", fit_seconds)
    if record.run.id == _key(submission, asked, contents, mode, terms, level).id:
        return Kept(submission, Standing.of(record))
    return Job(submission, _difference(record, asked, contents), fit_seconds)


def _key(submission: Submission, asked: _Asked, contents: Contents, mode: Mode, terms: Terms, level: Level) -> Key:
    source = asked.task.sources[asked.facts.source]
    return Key(
        name=submission.name,
        task=submission.task,
        task_digest=asked.digest,
        source=source.kind,
        baseline=source.baseline,
        data_digest=asked.facts.digest,
        scored_on=asked.facts.scored_on,
        submission_digest=contents.digest,
        mode=mode,
        seeds=seeds_for(terms.seed, submission.task, mode, 1),
        level=level.value,
        assets=assets_in_use(asked.assets, mode),
        device=terms.device,
        latency_seconds=terms.latency_seconds,
    )


def _difference(record: Record, asked: _Asked, contents: Contents) -> Reason:
    """Say what is no longer as `record` has it; the student's own doing first."""
    source = asked.task.sources[asked.facts.source]
    then = (record.task.source, record.task.data_digest, record.task.scored_on)
    differences: tuple[tuple[Reason, bool], ...] = (
        ("changed submission", record.submission.digest != contents.digest),
        ("changed task", record.task.digest != asked.digest),
        ("changed data", then != (source.kind, asked.facts.digest, asked.facts.scored_on)),
        ("changed harness", record.run.harness_version != __version__),
        ("changed environment", record.run.packages != package_versions()),
    )
    return next((reason for reason, holds in differences if holds), "other settings")


def _order(job: Job) -> tuple[str, float, str]:
    """Keep like with like: fits that start together should end together, for then all wait while each is measured."""
    return (job.submission.task, -job.fit_seconds, job.submission.name)
