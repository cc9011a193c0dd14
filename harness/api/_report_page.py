"""Make the page about a submission's newest record from the course's files."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from harness.api._board import stores_of
from harness.contract import Task
from harness.course import Course, Submission
from harness.data import Places, load_data
from harness.errors import HarnessError, InfrastructureError, UsageError
from harness.kinds import KINDS
from harness.record import Record, Unreadable
from harness.report import report_html


def report_page(course: Course, places: Places, submission: Submission) -> str:
    """Return the page, as HTML.

    Raises:
        UsageError: the submission has no record.
        InfrastructureError: its record cannot be read.
    """
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
    return report_html(record, task, evidence, _targets(course, places, task, record))


def _targets(course: Course, places: Places, task: Task, record: Record) -> np.ndarray[Any, Any] | None:
    """Return the labels that `record` was scored on, if this machine has the same data."""
    if not KINDS[task.kind].has_one_class_an_item or task.restricted:
        return None
    try:
        data = load_data(task, course.task_digest(task.name), replace(places, offline=True), record.task.source)
    except HarnessError:
        return None
    if data.digest != record.task.data_digest or (record.task.scored_on == "test" and data.test is None):
        return None
    scored = data.validation if record.task.scored_on == "validation" else data.scored
    return np.asarray(scored.targets)
