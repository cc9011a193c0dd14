"""``harness export``: write results in the formats that other systems read."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from harness.cli._common import Group
from harness.cli._export_autograding import autograding
from harness.cli._export_grades import (
    describe_not_graded,
    filling_options,
    graded_task_option,
    into_option,
    show_changes,
)
from harness.cli._export_gradescope import gradescope
from harness.cli._export_result import comment, junit
from harness.cli._export_upload import canvas_upload
from harness.cli._grades_options import entries_of, grades_options
from harness.cli._options import console, opened, output_option, task_option
from harness.course import Course
from harness.files import write_atomically
from harness.gradebook import Entry, gradebook_csv
from harness.lms import ExportMemory, Filled, Manner, moodle_numbers
from harness.lms.canvas import canvas_csv
from harness.lms.moodle import moodle_csv, moodle_worksheet
from harness.tables import Sheet
from harness.text import count_of

_output = output_option("Where to write. By default below .harness/export.")


@click.group(cls=Group)
def export() -> None:
    """Write results in the formats that other systems read."""


@export.command()
@graded_task_option
@click.option("--assignment", required=True, metavar="'TITLE (ID)'", help="The heading of its column in Canvas.")
@into_option
@filling_options
@grades_options
@_output
def canvas(  # noqa: PLR0913, PLR0917 - one argument an option
    task: str,
    assignment: str,
    into: Path | None,
    scale: bool,
    overwrite: bool,
    skip_missing: bool,
    roster: Path | None,
    deadline: str | None,
    count_validation: bool,
    output: Path | None,
) -> None:
    """Write Canvas's gradebook CSV for one task."""
    course = opened()
    entries = entries_of(course, roster, deadline, count_validation=count_validation, task=task)
    memory = ExportMemory(course.folders, f"canvas-{task}")
    manner = Manner(overwrite=overwrite, skip_missing=skip_missing, former=memory.former)
    sheet = None if into is None else Sheet.read(into)
    _write(course.folders, memory, output, canvas_csv(entries, assignment, sheet, manner, scale=scale), entries)


@export.command()
@graded_task_option
@click.option("--item", help="Name of the grade item. By default that of the task.")
@click.option("--maximum", default="100", show_default=True, help="The grade item's maximum in Moodle.")
@into_option
@filling_options
@grades_options
@_output
def moodle(  # noqa: PLR0913, PLR0917 - one argument an option
    task: str,
    item: str | None,
    maximum: str,
    into: Path | None,
    scale: bool,
    overwrite: bool,
    skip_missing: bool,
    roster: Path | None,
    deadline: str | None,
    count_validation: bool,
    output: Path | None,
) -> None:
    """Write Moodle's gradebook CSV, or fill in a grading worksheet, for one task."""
    course = opened()
    entries = entries_of(course, roster, deadline, count_validation=count_validation, task=task)
    memory = ExportMemory(course.folders, f"moodle-{task}")
    if into is None:
        filled = moodle_csv(entries, item or task, maximum)
    else:
        manner = Manner(overwrite=overwrite, skip_missing=skip_missing, former=memory.former)
        filled = moodle_worksheet(entries, Sheet.read(into), manner, moodle_numbers(course.folders, task), scale=scale)
    _write(course.folders, memory, output, filled, entries)


@export.command()
@task_option
@grades_options
@_output
def csv(
    task: str | None, roster: Path | None, deadline: str | None, count_validation: bool, output: Path | None
) -> None:
    """Write the whole gradebook as CSV, with a row for each person and task."""
    course, out = opened(), console()
    entries = entries_of(course, roster, deadline, count_validation=count_validation, task=task)
    path = output or course.folders.private / "export" / "gradebook.csv"
    write_atomically(path, gradebook_csv(entries).encode(), 0o600)
    out.print(f"{path}: {count_of(len(entries), 'row', 'rows')}{describe_not_graded(entries)}")


for _command in (autograding, canvas_upload, comment, gradescope, junit):
    export.add_command(_command)


def _write(course: Course, memory: ExportMemory, output: Path | None, filled: Filled, entries: Sequence[Entry]) -> None:
    """Print what changes in the file and what does not, and write it."""
    out = console()
    show_changes(out, filled)
    path = output or course.private / "export" / f"{memory.name}.csv"
    write_atomically(path, filled.content, 0o600)
    memory.keep(filled.written)
    graded = sum(entry.is_graded or entry.excused for entry in entries)
    parts = [f"{path}: {count_of(graded, 'grade', 'grades')}"]
    parts += [f"{count_of(len(filled.changes), 'cell', 'cells')} changed"] if filled.changes else []
    parts += [f"{len(filled.kept)} kept as they were"] if filled.kept else []
    out.print(", ".join(parts) + describe_not_graded(entries))
