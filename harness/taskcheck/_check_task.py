"""Check one task for its author, and report all mistakes and doubts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

from harness.contract import Counts, Embedded, Predictions, Task, written_at
from harness.course import Course
from harness.data import DataChoice, Places, TaskData, data_digest, load_data
from harness.errors import HarnessError, TaskError
from harness.sandbox import installed_data
from harness.taskcheck._checked_metric import CheckedMetric
from harness.taskcheck._doubts import doubts_about
from harness.taskcheck._functions import try_task
from harness.taskcheck._hand_out import doubts_about_hand_out
from harness.taskcheck._lines import place_of_field
from harness.taskcheck._secrets import doubts_about_commits, published_private_part

Outcome = Literal["passed", "mistake", "doubt", "skipped"]
"""A task with a mistake cannot be used; a doubt is something that its author should decide about."""

_RESAMPLES = 1000  # as many as in an evaluation


@dataclass(frozen=True)
class TaskFinding:
    """The outcome of one check, and a text for the author."""

    outcome: Outcome
    text: str


def check_task(course: Course, name: str, places: Places) -> Iterator[TaskFinding]:
    """Yield the findings about the declaration of the task `name` and about each kind of its data on this machine.

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
        yield TaskFinding("mistake", f"{error} ({place_of_field(course.tasks_folder / name, 'hides')})")
        return
    yield TaskFinding("passed", "the declaration")
    if missing:
        place = place_of_field(course.tasks_folder / name, "hides")
        yield TaskFinding("doubt", f"hides: {', '.join(missing)}: nothing with that name is installed here ({place})")
    yield from _private_parts(task, course, places)
    yield from (TaskFinding("doubt", text) for text in doubts_about_hand_out(task, course.tasks_folder / name))
    for kind in dict.fromkeys(source.kind for source in task.sources):
        yield from _check_data(course, task, places, kind)


def _check_data(course: Course, task: Task, places: Places, kind: DataChoice) -> Iterator[TaskFinding]:
    """Yield the findings about one kind of data; an error there does not stop the check of others."""
    name = task.name
    try:
        data = load_data(task, course.task_digest(name), replace(places, offline=True), kind)
        try_task(task, data, _RESAMPLES)
        _expect_same_data(data)
        _expect_reachable_baseline(task, data)
        yield TaskFinding("passed", f"{kind} data, perturb and metrics: {_counts(task, data)}")
        for text in doubts_about(task, data, places):
            yield TaskFinding("doubt", f"{kind} data: {text}{_place(task, data, text)}")
    except TaskError as error:
        text = _without_name(name, error)
        yield TaskFinding("mistake", text if text.startswith(f"{kind} data") else f"{kind} data: {text}")
    except HarnessError as error:  # the data are not on this machine
        yield TaskFinding("skipped", _without_name(name, error))
    except Exception as error:  # after any error, other data and other tasks are still checked
        problem = f"{type(error).__name__}: {error}"
        yield TaskFinding("mistake", f"{kind} data could not be checked to the end ({problem})")


def _private_parts(task: Task, course: Course, places: Places) -> Iterator[TaskFinding]:
    """Yield a finding if a commit would publish something that is hidden from students."""
    place = place_of_field(course.tasks_folder / task.name, "private_test")
    try:
        published = published_private_part(course, places.private) if task.private_test and places.private else None
        if published is not None:
            yield TaskFinding("mistake", f"{published} ({place})")
        yield from (TaskFinding("doubt", text) for text in doubts_about_commits(task, course, places))
    except HarnessError as error:
        yield TaskFinding("skipped", f"whether git ignores what is private: {error}")


def _place(task: Task, data: TaskData, text: str) -> str:
    """Return the place that the doubt `text` is about, `perturb` or the loading function; '' if the text has it."""
    place = written_at(task.perturb if text.startswith("`perturb`") else data.source.load)
    return f" ({place})" if place and place.rpartition(":")[0] not in text else ""


def _expect_same_data(data: TaskData) -> None:
    """Check that embedded data are the same each time, because otherwise results could not be compared.

    Raises:
        TaskError: the data differ.
    """
    if not isinstance(data.source, Embedded):
        return
    again = data.source.load()
    if data_digest([again.train, again.validation]) != data_digest([data.train, data.validation]):
        place = written_at(data.source.load)
        raise TaskError(
            "`load` of the embedded data returned different items when it was called again; expected the same each "
            f"time: seed its generator{place and f' ({place})'}"
        )


def _expect_reachable_baseline(task: Task, data: TaskData) -> None:
    """Check that perfect answers reach the baseline.

    Raises:
        TaskError: they do not, so no submission can reach it.
    """
    targets, metric, base = data.scored.targets, task.primary, data.source.baseline
    right = Predictions(*task.kind_definition.perfect_predictions(task, targets))
    best = CheckedMetric(task=task.name, metric=metric, targets=targets, predictions=right).value()
    if not metric.at_least_as_good(best, base.value) or (base.strict and best == base.value):
        place = written_at(metric.compute)
        raise TaskError(
            f"baseline of {data.source.title!r}: found {base.value:g}; expected a value that can be reached: "
            f"{metric.name} of perfect answers is {best:g}{place and f' ({place})'}"
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
