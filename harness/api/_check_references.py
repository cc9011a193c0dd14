"""Check a task, and compare its baselines with the scores of the references that they name."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from harness.api._follow import Follower
from harness.api._options import RunOptions
from harness.contract import Source
from harness.course import REFERENCE
from harness.errors import HarnessError
from harness.record import Record
from harness.taskcheck import ReferenceScore, TaskFinding, check_task, doubt_about_baseline, named_references

if TYPE_CHECKING:
    from harness.api._open_course import OpenCourse


def check_whole_task(course: OpenCourse, name: str, *, references: bool) -> Iterator[TaskFinding]:
    """Yield the findings about a task, and if there is no mistake, also those about its baselines."""
    found = False
    for finding in check_task(course.folders, name, course.places):
        found = found or finding.outcome == "mistake"
        yield finding
    if not found:
        yield from check_references(course, name, evaluate=references)


def check_references(course: OpenCourse, name: str, *, evaluate: bool) -> Iterator[TaskFinding]:
    """Yield, for each baseline of the task `name` that names a reference, whether the reference reaches it.

    Existing records are used. With `evaluate`, the references are evaluated instead, without writing records.
    """
    task = course.task(name)
    for source, reference in named_references(task):
        what = f"{source.kind} data: the baseline of {source.title!r} should be the score of reference/{reference}"
        try:
            record = _evaluated(course, name, source, reference) if evaluate else _kept(course, name, source, reference)
        except HarnessError as error:
            yield TaskFinding("skipped", f"{what}: {error}")
            continue
        if record is None or not record.scores:
            why = "it was not scored" if evaluate else "it has no record here; --references evaluates it"
            yield TaskFinding("skipped", f"{what}: {why}")
            continue
        score = record.scores[0]
        found = ReferenceScore(reference, score.value, score.low, score.high)
        doubt = doubt_about_baseline(task, course.folders.tasks_folder / name, source, found)
        said = f"{source.kind} data: reference/{reference} gets the baseline, {score.name} {score.value:.4g}"
        yield TaskFinding("passed", said) if doubt is None else TaskFinding("doubt", doubt)


def _evaluated(course: OpenCourse, name: str, source: Source, reference: str) -> Record | None:
    result = course.evaluate(
        f"{REFERENCE}/{reference}/{name}",
        run=RunOptions(data=source.kind, latency_seconds=0.01),
        keep="no_store",
        follower=Follower(),
    )
    if result.not_done and isinstance(result.not_done[0].error, HarnessError):
        raise result.not_done[0].error
    return next((record for record in result.records if _is_of(record, source)), None)


def _kept(course: OpenCourse, name: str, source: Source, reference: str) -> Record | None:
    record = course.records.get(name, f"{REFERENCE}/{reference}")
    same = record is not None and record.task.digest == course.folders.task_digest(name)
    return record if record is not None and same and _is_of(record, source) else None


def _is_of(record: Record, source: Source) -> bool:
    """Return whether a record belongs to this source, by its kind, and by its baseline if several have that kind."""
    stated = record.baseline is None or record.baseline.value == source.baseline.value
    return record.task.source == source.kind and stated
