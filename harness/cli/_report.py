"""``harness report``."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import click
import numpy as np

from harness.cli import INFRASTRUCTURE, PASSED, USAGE
from harness.cli._options import console, course_at, places, stores_of
from harness.contract import Task
from harness.course import Course, Submission
from harness.data import load_data
from harness.errors import HarnessError, InfrastructureError, UsageError
from harness.files import write_atomically
from harness.kinds import KINDS
from harness.record import Record, Unreadable
from harness.report import report_html


@click.command()
@click.argument("path", metavar="PATH")
@click.option("--task", help="Only this task of the submission.")
@click.option("--output", type=click.Path(path_type=Path), help="Folder for the pages; else .harness/reports.")
def report(path: str, task: str | None, output: Path | None) -> int:
    """Write a page about a submission's newest record: scores, learning curve, latency, limits, failure.

    It may hold what is not published; it is for whoever holds the evidence.
    """
    out, course = console(), course_at((path,))
    problems = []
    for submission in course.submissions(path, task):
        try:
            page = _page(course, submission)
        except (HarnessError, OSError) as error:  # keeps no other submission from its page
            problems.append(error)
            console(stderr=True).print(f"error: {error}", style="red")
            continue
        file = (output or course.private / "reports") / f"{submission.name.replace('/', '-')}-{submission.task}.html"
        write_atomically(file, page.encode())
        out.print(f"{submission}: {file}")
    if problems:
        return USAGE if all(isinstance(error, UsageError) for error in problems) else INFRASTRUCTURE
    return PASSED


def _page(course: Course, submission: Submission) -> str:
    stores = stores_of(course)
    record = stores.records.read(submission.task, submission.name)
    if record is None:
        raise UsageError(f"{submission} has no record yet: harness evaluate {submission.folder}")
    if isinstance(record, Unreadable):
        raise InfrastructureError(f"{record}: restore or remove it")
    evidence = stores.evidence.read(submission.task, submission.name)
    if evidence is not None and evidence.digest != record.run.evidence_digest:
        evidence = None
    task = course.task(submission.task)
    return report_html(record, task, evidence, _targets(course, task, record))


def _targets(course: Course, task: Task, record: Record) -> np.ndarray[Any, Any] | None:
    """Return the labels that `record` was scored on, if this machine has that very data."""
    if not KINDS[task.kind].has_one_class_an_item or task.restricted:
        return None
    try:
        data = load_data(task, course.task_digest(task.name), replace(places(), offline=True), record.task.source)
    except HarnessError:
        return None
    if data.digest != record.task.data_digest or (record.task.scored_on == "test" and data.test is None):
        return None
    scored = data.validation if record.task.scored_on == "validation" else data.scored
    return np.asarray(scored.targets)
