"""``harness export canvas-upload``."""

from __future__ import annotations

import click
from rich.console import Console

from harness.api import CanvasUpload, FillingOptions, RuleFiles
from harness.cli import INFRASTRUCTURE, PASSED
from harness.cli._export_grades import (
    describe_not_graded,
    filling_options,
    graded_task_option,
    show_changes,
)
from harness.cli._grades_options import ShownWarnings, rule_options
from harness.cli._options import console, opened
from harness.lms.canvas_upload import CanvasPlace
from harness.text import count_of, neutral_line


@click.command("canvas-upload")
@graded_task_option
@click.option("--url", required=True, metavar="https://…", help="The address of your Canvas.")
@click.option(
    "--course", "number", required=True, type=click.IntRange(1), help="The course's number, as in its address."
)
@click.option("--assignment", required=True, type=click.IntRange(1), help="The assignment's number, as in its address.")
@filling_options
@rule_options
@click.option("--dry-run", is_flag=True, help="Change nothing; list what would change. Needed before an upload.")
def canvas_upload(  # noqa: PLR0913, PLR0917 - one argument an option
    task: str, url: str, number: int, assignment: int, filling: FillingOptions, rules: RuleFiles, dry_run: bool
) -> int:
    """Upload the grades of one task to Canvas, by the rules of `export canvas --into`.

    HARNESS_CANVAS_TOKEN holds a token from your Canvas profile. Exactly what the last --dry-run listed is uploaded.
    """
    out, grades = console(), opened().grades
    entries = grades.entries(task, files=rules, follower=ShownWarnings())
    place = CanvasPlace(url=url.rstrip("/"), course=number, assignment=assignment)
    upload = grades.canvas_upload(task, entries, place, filling)
    show_changes(out, upload.filled)
    if not dry_run:
        return _send(out, upload)
    upload.keep_as_listed()
    would = (
        f"{count_of(len(upload.updates), 'grade', 'grades')} would change, {len(upload.filled.kept)} kept as they are"
    )
    out.print(f"{place}: {would}{describe_not_graded(entries)}; the same without --dry-run uploads them")
    return PASSED


def _send(out: Console, upload: CanvasUpload) -> int:
    done, failed = 0, 0
    for answer in upload.send():
        who = neutral_line(answer.update.who)
        if answer.problem:
            failed += 1
            out.print(f"  not uploaded: {who}: {neutral_line(answer.problem)}", style="red")
            continue
        done += 1
        if answer.notice:
            out.print(f"  {who}: {neutral_line(answer.notice)}", style="yellow")
    out.print(f"{upload.place}: {count_of(done, 'grade', 'grades')} uploaded, {failed} not uploaded")
    return INFRASTRUCTURE if failed else PASSED
