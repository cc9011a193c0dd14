"""The grades of a class, their exports to other systems, and feedback."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from harness.api._course_pages import CoursePages
from harness.api._course_session import CourseSession
from harness.api._follow import Follower
from harness.api._grades import GradingRules, make_gradebook, read_rules
from harness.api._options import FillingOptions, RuleFiles
from harness.api._records import Records
from harness.api._results import FeedbackFiles
from harness.files import write_atomically
from harness.gradebook import MISSING, Entry, Gradebook, Rules, gradebook_csv

if TYPE_CHECKING:  # each method imports its own modules
    from harness.api._canvas_upload_run import CanvasUpload
    from harness.api._grade_exports import ExportedGrades, GradesExport
    from harness.lms.canvas_upload import CanvasPlace

_NAMED = 20
"""Maximum number of people that a warning names."""


class CourseGrades:
    """The grades of a course: `OpenCourse.grades`.

    Examples
    --------
    >>> entries = course.grades.entries("usps", files=harness.api.RuleFiles(roster="roster.csv"))
    >>> course.grades.write_for_canvas("usps", entries, "USPS digits (123)").path.name
    'canvas-usps.csv'
    """

    def __init__(self, session: CourseSession, records: Records) -> None:
        self._session, self._records = session, records

    def rules(self, files: RuleFiles = RuleFiles()) -> GradingRules:
        """Return the rules of the gradebook: the roster, the policy for late work and an instructor's adjustments.

        Raises
        ------
        UsageError
            One of the files, or the deadline, has a mistake.
        """
        return read_rules(self._session.folders, files)

    def gradebook(self, rules: Rules, tasks: Sequence[str] | None = None) -> Gradebook:
        """Return everybody's current grades, for every task or only for `tasks`, without writing anything."""
        return make_gradebook(self._session.folders, rules, tasks)

    def entries(
        self,
        task: str | None = None,
        *,
        files: RuleFiles = RuleFiles(),
        follower: Follower | None = None,
    ) -> Sequence[Entry]:
        """Return everybody's current grades, by the rules in `files`, without writing anything.

        Parameters
        ----------
        task : str, optional
            Only this task.
        files : RuleFiles
            The files with the rules.
        follower : Follower, optional
            Receives the warnings about the rules.

        Raises
        ------
        UsageError
            There is no such task, or one of the files, or the deadline, has a mistake.
        """
        if task is not None:
            self._session.folders.require_task(task)
        asked = self.rules(files)
        for warning in asked.warnings:
            (follower or Follower()).warned(warning)
        book = self.gradebook(asked.rules, None if task is None else [task])
        if task is not None and asked.rules.roster is not None:
            for warning in _without_work(task, book):
                (follower or Follower()).warned(warning)
        return book.entries

    def write_csv(self, entries: Sequence[Entry], path: str | Path | None = None) -> Path:
        """Write `entries` as CSV, with a row for each person and task, and return the file.

        Parameters
        ----------
        entries : sequence of Entry
            Everybody's grades.
        path : str or pathlib.Path, optional
            Where to write; otherwise ``.harness/export/gradebook.csv``.
        """
        place = self._session.folders.private / "export" / "gradebook.csv" if path is None else Path(path)
        write_atomically(place, gradebook_csv(entries).encode(), 0o600)
        return place

    def write_for_canvas(
        self,
        task: str,
        entries: Sequence[Entry],
        assignment: str,
        *,
        into: str | Path | None = None,
        filling: FillingOptions = FillingOptions(),
        path: str | Path | None = None,
    ) -> ExportedGrades:
        """Write Canvas's gradebook CSV for one task.

        Parameters
        ----------
        task : str
            The task.
        entries : sequence of Entry
            Everybody's grades for it.
        assignment : str
            The heading of its column in Canvas, ``TITLE (ID)``.
        into : str or pathlib.Path, optional
            The gradebook that Canvas exported, which is filled in.
        filling : FillingOptions
            How it is filled in.
        path : str or pathlib.Path, optional
            Where to write; otherwise ``.harness/export/canvas-<task>.csv``.

        Returns
        -------
        ExportedGrades
            The file, and the cells that were changed or kept.

        Raises
        ------
        UsageError
            Canvas would misread the file: the points or the people do not fit.
        """
        return self._export(task, entries, filling, into, path).canvas(assignment)

    def write_for_moodle(  # noqa: PLR0913 - one argument an option, by name
        self,
        task: str,
        entries: Sequence[Entry],
        *,
        item: str | None = None,
        maximum: str = "100",
        into: str | Path | None = None,
        filling: FillingOptions = FillingOptions(),
        path: str | Path | None = None,
    ) -> ExportedGrades:
        """Write Moodle's gradebook CSV for one task, or fill in its grading worksheet.

        Parameters
        ----------
        task : str
            The task.
        entries : sequence of Entry
            Everybody's grades for it.
        item : str, optional
            The name of the grade item; otherwise that of the task.
        maximum : str
            The grade item's maximum in Moodle.
        into : str or pathlib.Path, optional
            The grading worksheet that Moodle exported, which is filled in; it has its own item and maximum.
        filling : FillingOptions
            How it is filled in.
        path : str or pathlib.Path, optional
            Where to write; otherwise ``.harness/export/moodle-<task>.csv``.

        Returns
        -------
        ExportedGrades
            The file, and the cells that were changed or kept.

        Raises
        ------
        UsageError
            Moodle would misread the file: the points or the people do not fit.
        """
        return self._export(task, entries, filling, into, path).moodle(item, maximum)

    def canvas_upload(
        self,
        task: str,
        entries: Sequence[Entry],
        place: CanvasPlace,
        filling: FillingOptions = FillingOptions(),
    ) -> CanvasUpload:
        """Prepare an upload of grades to Canvas, by the rules of `write_for_canvas`; nothing is changed yet.

        Parameters
        ----------
        task : str
            The task.
        entries : sequence of Entry
            Everybody's grades for it.
        place : harness.lms.canvas_upload.CanvasPlace
            The assignment.
        filling : FillingOptions
            How it is filled in.

        Returns
        -------
        CanvasUpload
            The changes. `CanvasUpload.send` makes them, after `CanvasUpload.keep_as_listed` was called for the same
            changes.

        Raises
        ------
        UsageError
            ``HARNESS_CANVAS_TOKEN`` is not set, Canvas does not accept it, or the points or the people do not fit.
        InfrastructureError
            Canvas cannot be reached.
        """
        from harness.api._canvas_upload_run import CanvasUpload

        return CanvasUpload.prepare(self._session.folders, task, entries, place, filling)

    def write_feedback(
        self,
        task: str,
        entries: Sequence[Entry],
        *,
        worksheet: str | Path | None = None,
        folder: str | Path | None = None,
    ) -> FeedbackFiles:
        """Write a page and a short text for everybody in the class, zips of them, and pages for the people who mark.

        Parameters
        ----------
        task : str
            The task that the feedback is about.
        entries : sequence of Entry
            Everybody's grades for it.
        worksheet : str or pathlib.Path, optional
            Moodle's grading worksheet with everybody's number; otherwise the numbers of the download are used.
        folder : str or pathlib.Path, optional
            Where to write; otherwise ``.harness/feedback/<task>``. The pages for the people who mark are always in
            ``.harness/marking/<task>``.

        Returns
        -------
        FeedbackFiles
            The written files, and the people who are missing in zip files.

        Raises
        ------
        UsageError
            There is no such task, or the worksheet cannot be read.
        """
        from harness.api._feedback_files import FeedbackRun

        session = self._session
        run = FeedbackRun(
            course=session.folders,
            records=self._records,
            reports=CoursePages(session).materials(),
            task=task,
            entries=entries,
        )
        return run.write(*(None if path is None else Path(path) for path in (worksheet, folder)))

    def _export(
        self,
        task: str,
        entries: Sequence[Entry],
        filling: FillingOptions,
        into: str | Path | None,
        path: str | Path | None,
    ) -> GradesExport:
        from harness.api._grade_exports import GradesExport

        return GradesExport(
            course=self._session.folders,
            task=task,
            entries=entries,
            filling=filling,
            into=None if into is None else Path(into),
            path=None if path is None else Path(path),
        )


def _without_work(task: str, book: Gradebook) -> Iterator[str]:
    """Yield a warning about people with nothing for `task`, except those with nothing at all, who have been named."""
    named = {person.submission for person in book.mismatch.without_submission}
    nothing = [
        entry.person
        for entry in book.entries
        if entry.status == MISSING and not entry.excused and entry.person.submission not in named
    ]
    if nothing:
        more = f" and {len(nothing) - _NAMED} more" if len(nothing) > _NAMED else ""
        yield f"{len(nothing)} with nothing for {task}: {', '.join(map(str, nothing[:_NAMED]))}{more}"
