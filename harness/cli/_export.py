"""``harness export``: write results in the formats that other systems read."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from harness.api import ExportedGrades, FillingOptions, RuleFiles
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
from harness.cli._grades_options import ShownWarnings, rule_options
from harness.cli._options import console, opened, output_option, task_option
from harness.gradebook import Entry
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
@rule_options
@_output
def canvas(
    task: str, assignment: str, into: Path | None, filling: FillingOptions, rules: RuleFiles, output: Path | None
) -> None:
    """Write Canvas's gradebook CSV for one task."""
    grades = opened().grades
    entries = grades.entries(task, files=rules, follower=ShownWarnings())
    _show(grades.write_for_canvas(task, entries, assignment, into=into, filling=filling, path=output), entries)


@export.command()
@graded_task_option
@click.option("--item", help="Name of the grade item. By default that of the task.")
@click.option("--maximum", default="100", show_default=True, help="The grade item's maximum in Moodle.")
@into_option
@filling_options
@rule_options
@_output
def moodle(task: str, rules: RuleFiles, output: Path | None, **options: Any) -> None:
    """Write Moodle's gradebook CSV, or fill in a grading worksheet, for one task."""
    grades = opened().grades
    entries = grades.entries(task, files=rules, follower=ShownWarnings())
    _show(grades.write_for_moodle(task, entries, path=output, **options), entries)


@export.command()
@task_option
@rule_options
@_output
def csv(task: str | None, rules: RuleFiles, output: Path | None) -> None:
    """Write the whole gradebook as CSV, with a row for each person and task."""
    grades, out = opened().grades, console()
    entries = grades.entries(task, files=rules, follower=ShownWarnings())
    path = grades.write_csv(entries, output)
    out.print(f"{path}: {count_of(len(entries), 'row', 'rows')}{describe_not_graded(entries)}")


for _command in (autograding, canvas_upload, comment, gradescope, junit):
    export.add_command(_command)


def _show(exported: ExportedGrades, entries: Sequence[Entry]) -> None:
    """Print what changed in the file, and what did not."""
    out, filled = console(), exported.filled
    show_changes(out, filled)
    parts = [f"{exported.path}: {count_of(exported.graded, 'grade', 'grades')}"]
    parts += [f"{count_of(len(filled.changes), 'cell', 'cells')} changed"] if filled.changes else []
    parts += [f"{len(filled.kept)} kept as they were"] if filled.kept else []
    out.print(", ".join(parts) + describe_not_graded(entries))
