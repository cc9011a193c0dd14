"""Make a task from an instructor's data, and measure its baseline with two references."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from harness.api._follow import Follower
from harness.api._options import RunOptions
from harness.course import REFERENCE
from harness.errors import InfrastructureError
from harness.record import Record
from harness.scaffold import (
    REFERENCES,
    DataQuestions,
    FoundData,
    StatedBaseline,
    find_data,
    write_declaration,
    write_task,
)

if TYPE_CHECKING:
    from harness.api._open_course import OpenCourse

_NAMES = {"knn": "the five nearest neighbours", "linear": "a linear model"}


@dataclass(frozen=True)
class NewTask:
    """A task that was made from data."""

    written: tuple[Path, ...]
    notes: tuple[str, ...]
    """What was inferred, and the scores of the references, in one sentence each."""


def make_task(course: OpenCourse, name: str, data: Path, asked: DataQuestions, follower: Follower) -> NewTask:
    """Make the task `name` from `data` in `course`, load it, and use the better reference's score as the baseline."""
    found = find_data(data, asked)
    root = course.places.root or course.folders.data
    written = write_task(course.folders, name, found, root)
    course.find_places()
    course.data(name, data="local")  # raises if the new task does not load
    measured, baseline = _measure(course, name, follower)
    if baseline is not None:
        write_declaration(course.folders, name, found, baseline)
    return NewTask(tuple(written), (*found.notes, *measured, *_about_the_data(course, root, name, found)))


def _measure(course: OpenCourse, task: str, follower: Follower) -> tuple[list[str], StatedBaseline | None]:
    """Return the scores of the references, in one sentence each, and the resulting baseline."""
    try:
        result = course.evaluate(
            *(f"{REFERENCE}/{reference}/{task}" for reference in REFERENCES),
            run=RunOptions(data="local", latency_seconds=0.01),
            keep="no_store",
            follower=follower,
        )
    except InfrastructureError as error:
        return [f"the baseline is a guess, because no reference could be evaluated: {error}"], None
    notes = [f"{one.submission} could not be evaluated: {one.error}" for one in result.not_done]
    notes += [
        f"{record.submission.name} failed: {record.failure.message}" for record in result.records if record.failure
    ]
    scored = [record for record in result.records if record.scores]
    if not scored:
        return [*notes, "the baseline is a guess, because no reference was scored"], None
    return [*notes, *map(_said, scored)], _baseline(scored)


def _baseline(scored: Sequence[Record]) -> StatedBaseline:
    better = scored[0].scores[0].higher_is_better
    best = (max if better else min)(scored, key=lambda record: record.scores[0].value)
    value, digits = best.scores[0].value, 3
    if value:
        digits = max(3, 2 - math.floor(math.log10(abs(value))))
    step = 10.0**-digits
    reached = math.floor(value / step) * step if better else math.ceil(value / step) * step
    others = "".join(f"; {_said(record)}" for record in scored if record is not best)
    return StatedBaseline(round(reached, digits), f"{_said(best)}{others}", _reference(best))


def _said(record: Record) -> str:
    score = record.scores[0]
    return f"{_NAMES[_reference(record)]}: {score.name} {score.value:.4g} on {record.task.scored_on}"


def _reference(record: Record) -> str:
    return record.submission.name.rpartition("/")[2]


def _about_the_data(course: OpenCourse, root: Path, name: str, found: FoundData) -> list[str]:
    notes = [f"the data lie in {root / name}, which every machine that evaluates needs; its test part is public"]
    ignored = course.root / ".gitignore"
    if root.is_relative_to(course.root):
        lines = ignored.read_text(encoding="utf-8").splitlines() if ignored.is_file() else []
        if f"{root.name}/" not in lines:
            notes.append(f"write {root.name}/ into {ignored}, or the data will be committed")
    if found.groups is None and found.part is None:
        notes.append(
            "no groups are known: if one person gave several items, name the column with --group, put an array groups "
            "into the .npz file, or add groups to task.py"
        )
    return notes
