"""`harness export`: results in the forms that other systems read."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import click

from harness.cli._export_gradescope import gradescope
from harness.cli._export_result import comment, junit
from harness.cli._gradebook import gradebook, read_rules
from harness.cli._options import console, course_at
from harness.contract import UsageError
from harness.course import Course, suggest
from harness.export._tables import Table
from harness.export.canvas import canvas_csv
from harness.export.csv import gradebook_csv
from harness.export.moodle import moodle_csv, moodle_worksheet
from harness.files import write_atomically
from harness.grade import Entry

_F = TypeVar("_F", bound=Callable[..., object])


@click.group()
def export() -> None:
    """Write results in the forms other systems read."""


def _grades(command: _F) -> _F:
    """Add the options that say whose grades, by which rules, and where to."""
    for option in (
        click.option("--output", "-o", type=click.Path(path_type=Path, dir_okay=False), help="Where to write."),
        click.option("--deadline", metavar="WHEN", help="One deadline for every task, in ISO 8601."),
        click.option("--roster", type=click.Path(path_type=Path, dir_okay=False), help="CSV: who is in the class."),
    ):
        command = option(command)
    return command


@export.command()
@click.option("--task", required=True)
@click.option("--assignment", required=True, metavar="'TITLE (ID)'", help="As Canvas heads its column.")
@click.option("--into", type=click.Path(path_type=Path, dir_okay=False), help="Canvas's own export, to be filled in.")
@_grades
def canvas(
    task: str, assignment: str, into: Path | None, roster: Path | None, deadline: str | None, output: Path | None
) -> None:
    """Write Canvas's gradebook CSV for one task."""
    course = course_at()
    entries = _entries(course, task, roster, deadline)
    content = canvas_csv(entries, assignment, None if into is None else Table.read(into))
    _write(output or _default(course, f"canvas-{task}"), content, len(entries))


@export.command()
@click.option("--task", required=True)
@click.option("--item", help="Name of the grade item; else the task's.")
@click.option("--maximum", default="100", show_default=True, help="The grade item's maximum in Moodle.")
@click.option("--into", type=click.Path(path_type=Path, dir_okay=False), help="Moodle's grading worksheet, to fill in.")
@_grades
def moodle(  # noqa: PLR0913, PLR0917 - one argument an option
    task: str,
    item: str | None,
    maximum: str,
    into: Path | None,
    roster: Path | None,
    deadline: str | None,
    output: Path | None,
) -> None:
    """Write Moodle's gradebook CSV, or fill in a grading worksheet, for one task."""
    course = course_at()
    entries = _entries(course, task, roster, deadline)
    content = (
        moodle_csv(entries, item or task, maximum) if into is None else moodle_worksheet(entries, Table.read(into))
    )
    _write(output or _default(course, f"moodle-{task}"), content, len(entries))


@export.command()
@_grades
def csv(roster: Path | None, deadline: str | None, output: Path | None) -> None:
    """Write the whole gradebook as CSV: a row a person and task."""
    course = course_at()
    entries = gradebook(course, *read_rules(course, roster, deadline))
    _write(output or _default(course, "gradebook"), gradebook_csv(entries), len(entries))


for _command in (comment, gradescope, junit):
    export.add_command(_command)


def _entries(course: Course, task: str, roster: Path | None, deadline: str | None) -> list[Entry]:
    """Return everybody's grade for `task`."""
    if task not in course.task_names():
        raise UsageError(f"there is no task {task!r}{suggest(task, course.task_names())}")
    return [entry for entry in gradebook(course, *read_rules(course, roster, deadline)) if entry.task == task]


def _default(course: Course, name: str) -> Path:
    """Return a place that git ignores: grades are nobody else's business."""
    return course.private / "export" / f"{name}.csv"


def _write(path: Path, content: str, count: int) -> None:
    write_atomically(path, content.encode(), 0o600)
    console().print(f"{path}: {count} grades")
