"""``harness export canvas-upload``."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import click
import msgspec
from rich.console import Console

from harness.cli import INFRASTRUCTURE, PASSED
from harness.cli._export_grades import (
    describe_not_graded,
    filling_options,
    graded_task_option,
    show_changes,
)
from harness.cli._grades_options import entries_of, grades_options
from harness.cli._options import console, opened
from harness.errors import UsageError
from harness.files import write_atomically
from harness.lms import ExportMemory, Manner
from harness.lms.canvas_upload import CanvasAssignment, CanvasPlace, CanvasUpdate
from harness.text import count_of, neutral_line

TOKEN_VARIABLE = "HARNESS_CANVAS_TOKEN"  # noqa: S105 - the name of a variable


class _DryRun(msgspec.Struct, frozen=True):
    """The updates that a dry run listed."""

    place: CanvasPlace
    updates: tuple[CanvasUpdate, ...]


@click.command("canvas-upload")
@graded_task_option
@click.option("--url", required=True, metavar="https://…", help="The address of your Canvas.")
@click.option(
    "--course", "number", required=True, type=click.IntRange(1), help="The course's number, as in its address."
)
@click.option("--assignment", required=True, type=click.IntRange(1), help="The assignment's number, likewise.")
@filling_options
@grades_options
@click.option("--dry-run", is_flag=True, help="Change nothing; list what would change. Needed before an upload.")
def canvas_upload(  # noqa: PLR0913, PLR0917 - one argument an option
    task: str,
    url: str,
    number: int,
    assignment: int,
    scale: bool,
    overwrite: bool,
    skip_missing: bool,
    roster: Path | None,
    deadline: str | None,
    count_validation: bool,
    dry_run: bool,
) -> int:
    """Put the grades of one task straight into Canvas, by the rules of `export canvas --into`.

    HARNESS_CANVAS_TOKEN holds a token of your Canvas profile. What is uploaded is what the last --dry-run listed.
    """
    out, course = console(), opened()
    token = os.environ.get(TOKEN_VARIABLE, "")
    if not token:
        raise UsageError(f"set {TOKEN_VARIABLE} to a token: in Canvas, Account, Settings, New access token")
    entries = entries_of(course, roster, deadline, count_validation=count_validation, task=task)
    memory = ExportMemory(course.folders, f"canvas-{task}")
    manner = Manner(overwrite=overwrite, skip_missing=skip_missing, former=memory.former)
    there = CanvasAssignment(CanvasPlace(url=url.rstrip("/"), course=number, assignment=assignment), token)
    filled, updates = there.fill(entries, manner, scale=scale)
    plan, path = _DryRun(there.place, tuple(updates)), course.folders.private / "export" / f"canvas-{task}.plan.json"
    show_changes(out, filled)
    if dry_run:
        write_atomically(path, msgspec.json.encode(plan), 0o600)
        would = f"{count_of(len(updates), 'grade', 'grades')} would change, {len(filled.kept)} kept as they are"
        out.print(f"{there.place}: {would}{describe_not_graded(entries)}; the same without --dry-run uploads them")
        return PASSED
    _refuse_unseen(path, plan)
    return _send(out, there, updates, memory)


def _refuse_unseen(path: Path, plan: _DryRun) -> None:
    """Refuse updates that the last dry run has not listed.

    Raises:
        UsageError: there was no dry run, or it listed something else.
    """
    try:
        seen = msgspec.json.decode(path.read_bytes(), type=_DryRun)
    except (OSError, msgspec.DecodeError):
        raise UsageError("nothing was uploaded: look at it with --dry-run first") from None
    if seen != plan:
        raise UsageError(
            "nothing was uploaded: the last --dry-run showed something else, and grades here or in Canvas have changed "
            "since; look at it with --dry-run again"
        )


def _send(out: Console, there: CanvasAssignment, updates: Sequence[CanvasUpdate], memory: ExportMemory) -> int:
    done, failed = 0, 0
    for answer in there.send(updates):
        update = answer.update
        if answer.problem:
            failed += 1
            out.print(f"  not uploaded: {neutral_line(update.who)}: {neutral_line(answer.problem)}", style="red")
            continue
        done += 1
        memory.keep({update.key: update.after})
        if answer.notice:
            out.print(f"  {neutral_line(update.who)}: {neutral_line(answer.notice)}", style="yellow")
    out.print(f"{there.place}: {count_of(done, 'grade', 'grades')} uploaded, {failed} not uploaded")
    return INFRASTRUCTURE if failed else PASSED
