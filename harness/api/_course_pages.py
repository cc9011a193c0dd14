"""The pages about a course: reports of single records, and the static site."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from harness.api._board import build_board
from harness.api._course_session import CourseSession
from harness.api._report_page import MaterialFinder, read_audience, report_page
from harness.course import Submission

if TYPE_CHECKING:  # a report does not need these
    from harness.site import SiteFiles


class CoursePages:
    """The pages of a course: `OpenCourse.pages`."""

    def __init__(self, session: CourseSession) -> None:
        self._session = session

    def report(self, submission: Submission, *, audience: str = "student") -> str:
        """Return an HTML page about the newest record of `submission`.

        Parameters
        ----------
        submission : Submission
            One of `OpenCourse.submissions`.
        audience : str
            Who the page is for, which decides what it may show: ``student``, ``instructor`` or ``public``.

        Returns
        -------
        str
            The page, which loads nothing from elsewhere.

        Raises
        ------
        UsageError
            The submission has no record, or there is no such audience.
        InfrastructureError
            Its record cannot be read.
        """
        return report_page(self._session.folders, self._session.places, submission, read_audience(audience))

    def materials(self) -> MaterialFinder:
        """Return an object that gathers the data for many reports, and reads shared data only once."""
        course = self._session.folders
        return MaterialFinder(course, self._session.places, build_board(course))

    def site(self, *, audience: str = "public", folder: str | Path | None = None) -> SiteFiles:
        """Write static pages about the course: the boards, and a report for each record.

        Pages of records that have not changed are not written again; pages of withdrawn records are removed.

        Parameters
        ----------
        audience : str
            ``public`` for pages that may be published. ``instructor`` adds logs, test items and a page about the
            class; nothing publishes these pages.
        folder : str or pathlib.Path, optional
            Where to write; otherwise ``leaderboard/site``, or ``.harness/site`` for instructors.

        Returns
        -------
        SiteFiles
            The folder, the number of pages, and the number of pages that were written.

        Raises
        ------
        UsageError
            There is no such audience, or no site for it.
        """
        from harness.api._course_site import write_site_of

        session, place = self._session, None if folder is None else Path(folder)
        return write_site_of(session.folders, session.places, read_audience(audience), place)
