"""The learning platforms and git hosts of a course: import submissions, and write tests and autograders."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from harness.api._course_session import FOR_GRADES, CourseSession
from harness.api._import_run import ImportRun, find_system
from harness.api._options import RunOptions
from harness.data import DataChoice
from harness.errors import UsageError
from harness.files import write_atomically
from harness.record import ScoredOn
from harness.sandbox import Requirement

if TYPE_CHECKING:
    from harness.lms import Imported, LearnedPushes, LearnedTable

CLASSROOM_FOLDER = ".github/classroom"


@dataclass(frozen=True, kw_only=True)
class AutogradingFiles:
    """The result of `CoursePlatforms.write_autograding`.

    Attributes
    ----------
    paths : tuple of pathlib.Path
        The files.
    longest_seconds : float
        The longest duration of an evaluation within the task's limits, in seconds.
    """

    paths: tuple[Path, ...]
    longest_seconds: float


@dataclass(frozen=True, kw_only=True)
class GradescopeBundle:
    """The result of `CoursePlatforms.write_gradescope_bundle`.

    Attributes
    ----------
    path : pathlib.Path
        The zip.
    size : int
        Its size in bytes.
    """

    path: Path
    size: int


class CoursePlatforms:
    """The learning platforms of a course: `OpenCourse.platforms`."""

    def __init__(self, session: CourseSession) -> None:
        self._session = session

    def import_submissions(
        self,
        system: str,
        source: str | Path,
        *,
        task: str | None = None,
        roster: str | Path | None = None,
        table: str | Path | None = None,
        isolation: str | None = None,
    ) -> Iterator[Imported]:
        """Turn a bulk download of a learning platform into ``submissions/<name>/<task>/``.

        Parameters
        ----------
        system : str
            The platform: one of ``harness.lms.SYSTEMS``, such as ``moodle``, or of a plug-in that the course names.
        source : str or pathlib.Path
            The zip or folder that was downloaded.
        task : str, optional
            The task of the submissions; required if there are several tasks.
        roster : str or pathlib.Path, optional
            CSV file that lists the people in the class.
        table : str or pathlib.Path, optional
            The platform's own table of submissions, with everybody's number. `import_times` reads the times in it.
        isolation : str, optional
            The weakest isolation to accept for reading archives; otherwise ``landlock``.

        Returns
        -------
        iterator of Imported
            The result for each hand-in, which is imported when the iterator reaches it.

        Raises
        ------
        UsageError
            There is no such system, task or file, or the roster, the table or the policy has a mistake.
        """
        course, found = self._session.folders, Path(source)
        read_by = find_system(course, system)
        run = ImportRun.of(course, found, task, None if roster is None else Path(roster))
        required = Requirement.parse(isolation or FOR_GRADES)
        return run.submissions(read_by, found, None if table is None else Path(table), required)

    def import_times(
        self, source: str | Path, *, task: str | None = None, roster: str | Path | None = None
    ) -> LearnedPushes | LearnedTable:
        """Store the hand-in times from a platform's table, or from a git host's list of pushes in JSON.

        Parameters
        ----------
        source : str or pathlib.Path
            The file.
        task : str, optional
            The task that a table is about; required if there are several tasks.
        roster : str or pathlib.Path, optional
            CSV file that lists the people in the class.

        Returns
        -------
        harness.lms.LearnedPushes or harness.lms.LearnedTable
            The numbers of times that were read.

        Raises
        ------
        UsageError
            There is no such task or file, or the file or the roster has a mistake.
        """
        found = Path(source)
        run = ImportRun.of(self._session.folders, found, task, None if roster is None else Path(roster))
        return run.times(found)

    def write_autograding(
        self, task: str, *, data: DataChoice = "auto", points: int | None = None, folder: str | Path | None = None
    ) -> AutogradingFiles:
        """Write the tests that GitHub Classroom and Classroom 50 run in repositories that are copies of the course.

        Parameters
        ----------
        task : str
            The task of the assignment.
        data : str
            The source of the data, as in `RunOptions`.
        points : int, optional
            Points of the assignment; otherwise the task's maximum.
        folder : str or pathlib.Path, optional
            Where to write; otherwise ``.github/classroom`` of the course.

        Returns
        -------
        AutogradingFiles
            The files, and the longest duration of a test.

        Raises
        ------
        UsageError
            There is no such task, or the points are not allowed.
        """
        from harness.lms.classroom import AutogradingSettings, autograding_json, classroom50_json, longest_seconds

        course = self._session.folders
        declared, settings = course.task(task), AutogradingSettings(data=data, points=points)
        place = course.root / CLASSROOM_FOLDER if folder is None else Path(folder)
        written = {
            place / "autograding.json": autograding_json(declared, settings),
            place / "tests.json": classroom50_json(declared, settings),
        }
        place.mkdir(parents=True, exist_ok=True)
        for path, content in written.items():
            write_atomically(path, content)
        return AutogradingFiles(paths=tuple(written), longest_seconds=longest_seconds(declared.limits))

    def write_gradescope_bundle(
        self,
        task: str,
        *,
        score_on: ScoredOn = "validation",
        run: RunOptions = RunOptions(),
        torch_index: str = "",
        wheel: str | Path | None = None,
        path: str | Path | None = None,
    ) -> GradescopeBundle:
        """Write the autograder zip for Gradescope: the harness, one task and its data.

        Parameters
        ----------
        task : str
            The task.
        score_on : str
            The part to score on: ``validation`` or ``test``.
        run : RunOptions
            The data, by default ``real``, and the isolation that is required on Gradescope.
        torch_index : str
            The address of the package index from which torch is installed; '' for the default one.
        wheel : str or pathlib.Path, optional
            A wheel of the harness; otherwise one is built from the checkout.
        path : str or pathlib.Path, optional
            Where to write; otherwise ``gradescope-<task>.zip`` in the current folder.

        Returns
        -------
        GradescopeBundle
            The zip.

        Raises
        ------
        UsageError
            There is no such task, it uses a plug-in, or this machine does not have its data.
        InfrastructureError
            The wheel cannot be built.
        """
        from harness.lms.gradescope_bundle import BundleSettings, build_wheel, bundled_data, write_bundle

        course = self._session.folders
        declared = course.task(task)
        if course.uses_plugins(task):
            raise UsageError(
                f"task {task} uses a plug-in, and a bundle for Gradescope holds none: copy the metric into tasks/{task}"
            )
        settings = BundleSettings(
            task=task,
            score_on=score_on,
            data=run.data or "real",
            isolation=str(run.requirement(FOR_GRADES)),
            packages=tuple(declared.packages),
            torch_index=torch_index,
        )
        folders = bundled_data(declared, settings, self._session.places)
        with tempfile.TemporaryDirectory(prefix="harness-bundle-") as scratch:
            used = build_wheel(Path(scratch)) if wheel is None else Path(wheel)
            content = write_bundle(settings, course.tasks_folder, used, folders)
        place = Path(f"gradescope-{task}.zip") if path is None else Path(path)
        write_atomically(place, content)
        return GradescopeBundle(path=place, size=len(content))
