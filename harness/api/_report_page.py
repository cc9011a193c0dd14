"""Gather the data for reports: the record, its evidence, other records, and the task's data."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from harness.api._board import build_board, stores_of
from harness.contract import Task
from harness.course import Course, Submission
from harness.data import Places, TaskData, load_data
from harness.errors import HarnessError, InfrastructureError, UsageError
from harness.leaderboard import Board
from harness.record import Evidence, Record, Unreadable
from harness.report import Audience, ReportMaterial, report_html


@dataclass(frozen=True)
class MaterialFinder:
    """Gathers the data for reports of one course; the data of each task are loaded once."""

    course: Course
    places: Places
    board: Board
    _loaded: dict[tuple[str, str], TaskData | None] = field(default_factory=dict, repr=False)
    _tasks: dict[str, Task | None] = field(default_factory=dict, repr=False)

    def task(self, name: str) -> Task | None:
        """Return the declaration of a task, or None if it no longer exists or does not load."""
        if name not in self._tasks:
            try:
                self._tasks[name] = self.course.task(name)
            except HarnessError:
                self._tasks[name] = None
        return self._tasks[name]

    def material(self, record: Record) -> ReportMaterial:
        """Return everything that is known about `record`."""
        stores = stores_of(self.course)
        task_name, name = record.task.name, record.submission.name
        evidence = stores.evidence.read(task_name, name)
        if evidence is None or evidence.digest != record.run.evidence_digest:
            evidence = Evidence()
        task = self.task(task_name)
        data = None if task is None else self._data(task, record)
        group = self.board.group_of(record)
        return ReportMaterial(
            record=record,
            task=task,
            evidence=evidence,
            scored=None if data is None else data.scored,
            fit_validation=None if data is None else data.for_fit.validation,
            peers=() if group is None else tuple(row.record for row in group.rows),
            earlier=tuple(stores.records.history(task_name, name)),
        )

    def _data(self, task: Task, record: Record) -> TaskData | None:
        """Return the data to which `record` refers, with the same scored part, if they are on this machine."""
        key = (task.name, record.task.source)
        if key not in self._loaded:
            try:
                here = replace(self.places, offline=True)
                self._loaded[key] = load_data(task, self.course.task_digest(task.name), here, record.task.source)
            except HarnessError:
                self._loaded[key] = None
        data = self._loaded[key]
        if data is None or data.digest != record.task.data_digest:
            return None
        if record.task.scored_on == "validation":
            return data.without_test()
        return None if data.test is None else data


def read_audience(name: str) -> Audience:
    """Return the audience `name`.

    Raises:
        UsageError: there is no such audience.
    """
    try:
        return Audience(name)
    except ValueError as error:
        raise UsageError(f"there is no audience {name!r}: expected one of {', '.join(Audience)}") from error


def report_page(course: Course, places: Places, submission: Submission, audience: Audience) -> str:
    """Return the page about the newest record of `submission`, as HTML.

    Raises:
        UsageError: the submission has no record.
        InfrastructureError: its record cannot be read.
    """
    record = stores_of(course).records.read(submission.task, submission.name)
    if record is None:
        raise UsageError(f"{submission} has no record yet: harness evaluate {submission.folder}")
    if isinstance(record, Unreadable):
        raise InfrastructureError(f"{record}: restore or remove it")
    finder = MaterialFinder(course, places, build_board(course))
    return report_html(finder.material(record), audience)
