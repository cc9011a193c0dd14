"""Check one task for its author, and tell every mistake and every doubt."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

from harness.contract import Counts, Embedded, Predictions, Task, written_at
from harness.course import Course
from harness.data import Places, TaskData, data_digest, load_data
from harness.errors import HarnessError, TaskError
from harness.kinds import KINDS
from harness.sandbox import installed_data
from harness.taskcheck._checked_metric import CheckedMetric
from harness.taskcheck._doubts import doubts_about
from harness.taskcheck._functions import try_task

Outcome = Literal["passed", "mistake", "doubt", "skipped"]
"""A mistake keeps a task from being used; a doubt is for its author to judge."""

_RESAMPLES = 1000  # as many as an evaluation makes


@dataclass(frozen=True)
class TaskFinding:
    """One thing that was checked, and what came of it."""

    outcome: Outcome
    text: str


def check_task(course: Course, name: str, places: Places) -> Iterator[TaskFinding]:
    """Yield what is found about the task `name`: its declaration, and each kind of its data that is on this machine.

    Nothing is downloaded and no model is trained.
    """
    try:
        task = course.task(name)
    except HarnessError as error:
        yield TaskFinding("mistake", _without_name(name, error))
        return
    try:
        missing = [name for name in task.hides if not installed_data([name])]
    except TaskError as error:
        yield TaskFinding("mistake", str(error))
        return
    yield TaskFinding("passed", "the declaration")
    if missing:
        yield TaskFinding("doubt", f"hides: {', '.join(missing)}: nothing of that name is installed here")
    for kind in dict.fromkeys(source.kind for source in task.sources):
        try:
            data = load_data(task, course.task_digest(name), replace(places, offline=True), kind)
            try_task(task, data, _RESAMPLES)
            _expect_same_data(data)
            _expect_reachable_baseline(task, data)
        except TaskError as error:
            text = _without_name(name, error)
            yield TaskFinding("mistake", text if text.startswith(f"{kind} data") else f"{kind} data: {text}")
        except HarnessError as error:  # they are not on this machine
            yield TaskFinding("skipped", _without_name(name, error))
        else:
            yield TaskFinding("passed", f"{kind} data, perturb and metrics: {_counts(task, data)}")
            yield from (TaskFinding("doubt", f"{kind} data: {text}") for text in doubts_about(task, data, places))


def _expect_same_data(data: TaskData) -> None:
    """Expect that embedded data are the same each time, or no two results could be compared.

    Raises:
        TaskError: they are not.
    """
    if not isinstance(data.source, Embedded):
        return
    again = data.source.load()
    if data_digest([again.train, again.validation]) != data_digest([data.train, data.validation]):
        place = written_at(data.source.load)
        raise TaskError(
            "`load` of the embedded data returned other items when it was called again; expected the same each time: "
            f"seed its generator{place and f' ({place})'}"
        )


def _expect_reachable_baseline(task: Task, data: TaskData) -> None:
    """Expect that the targets themselves, as answers, reach the baseline.

    Raises:
        TaskError: they do not, so nobody can.
    """
    targets, metric, base = data.scored.targets, task.primary, data.source.baseline
    right = Predictions(*KINDS[task.kind].all_right(task, targets))
    best = CheckedMetric(task=task.name, metric=metric, targets=targets, predictions=right).value()
    if not metric.at_least_as_good(best, base.value) or (base.strict and best == base.value):
        place = written_at(metric.compute)
        raise TaskError(
            f"baseline of {data.source.title!r}: found {base.value:g}; expected what can be reached: "
            f"{metric.name} of the targets themselves is {best:g}{place and f' ({place})'}"
        )


def _without_name(name: str, error: HarnessError) -> str:
    """Return the message of `error` without the name of the task at its beginning."""
    return re.sub(rf"^task {re.escape(name)}[:,]? ", "", str(error))


def _counts(task: Task, data: TaskData) -> str:
    found = Counts(len(data.train), len(data.validation), 0 if data.test is None else len(data.test))
    declared = "as declared" if data.source.counts == found else "no counts are declared"
    if data.source.counts is not None and task.private_test:
        declared = "the test part is not counted in the declaration"
    people = "" if data.train.groups is None else "; no group is in two parts"
    return f"{found.train}/{found.validation}/{found.test} items (train/validation/test; {declared}){people}"
