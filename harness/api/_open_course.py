"""`OpenCourse`: everything that the commands do with a course, as a Python API."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from harness.api._board import points_of, rebuild_board, stores_of
from harness.api._course_session import FOR_GRADES, CourseSession
from harness.api._evaluation_run import EvaluationRun, Keep, check_all, report_repositories
from harness.api._follow import Follower
from harness.api._options import JobOptions, KeptResults, RuleFiles, RunOptions, Selection, TrainingOptions
from harness.api._records import Records
from harness.api._results import Checks, Evaluations, FinalBoard, GradingPlan, GradingReport, LoadedTasks
from harness.contract import Split, Task
from harness.course import Course, Submission
from harness.data import DataChoice, Places, load_data
from harness.evaluation import Evaluator, TasksInUse
from harness.leaderboard import Board
from harness.sandbox import ForkServerOwner

if TYPE_CHECKING:  # each method imports its own modules, because an evaluation does not need these
    from harness.api._course_audits import CourseAudits
    from harness.api._course_changes import CourseChanges
    from harness.api._course_data import CourseDatasets
    from harness.api._course_grades import CourseGrades
    from harness.api._course_pages import CoursePages
    from harness.api._course_platforms import CoursePlatforms
    from harness.api._grading_run import GradingRequest
    from harness.diagnosis import Diagnosis
    from harness.taskcheck import TaskFinding


def open_course(path: str | Path = ".", *, data_root: str | Path | None = None) -> OpenCourse:
    """Open the course that contains `path`.

    Parameters
    ----------
    path : str or pathlib.Path
        The course's folder, or any folder or file in it.
    data_root : str or pathlib.Path, optional
        Folder with ``<task>/<files>``; by default the one that ``HARNESS_DATA`` names.

    Returns
    -------
    OpenCourse
        The course, whose methods do what the commands do.

    Raises
    ------
    UsageError
        `path` is not inside a course, or `data_root` is not a folder.

    Examples
    --------
    >>> course = harness.open_course()
    >>> course.tasks
    ['spect', 'usps']
    >>> train, validation = course.data("usps")
    >>> evaluations = course.evaluate("submissions/alice")
    >>> evaluations.records[0].status
    'passed'
    """
    return OpenCourse(Course.find(Path(path)), None if data_root is None else Path(data_root))


class OpenCourse:
    """A course: its tasks, their data, and the operations on submissions.

    Returned by `open_course`. It gives no access to test targets. Paths of submissions are relative to the current
    folder or to the course: ``submissions/alice`` for all tasks of Alice, ``submissions/alice/usps`` for one,
    ``reference/knn`` for a staff solution.

    Attributes
    ----------
    records : Records
        The newest record of each submission, and the earlier ones.
    datasets : CourseDatasets
        The files that tasks' data is read from.
    grades : CourseGrades
        Everybody's grades, their exports to other systems, and feedback.
    pages : CoursePages
        Reports of single records, and the static site.
    platforms : CoursePlatforms
        Learning platforms and git hosts: imports of submissions, autograders.
    changes : CourseChanges
        Changes in git: pull requests and pushes that touch submissions.
    audits : CourseAudits
        Audits that inform a person: of learning, of scored items, of similar code.

    Notes
    -----
    Options that belong together form one record, which several calls can share:

    >>> quick = harness.api.RunOptions(data="embedded", latency_seconds=0.1)
    >>> course.check("submissions/alice", run=quick).passed
    True
    >>> course.evaluate("submissions/alice", run=quick).passed
    True
    """

    def __init__(
        self, folders: Course, data_root: Path | None = None, fork_servers: ForkServerOwner | None = None
    ) -> None:
        self._session = CourseSession(folders, data_root, fork_servers)

    def __repr__(self) -> str:
        return f"OpenCourse({str(self.root)!r})"

    @property
    def folders(self) -> Course:
        """The folders of the course."""
        return self._session.folders

    @property
    def places(self) -> Places:
        """The folders with data on this machine."""
        return self._session.places

    @property
    def root(self) -> Path:
        """The course's folder."""
        return self.folders.root

    @property
    def records(self) -> Records:
        """The newest record of each submission, and the earlier ones."""
        return Records(self.folders, stores_of(self.folders))

    @property
    def datasets(self) -> CourseDatasets:
        """The files that tasks' data is read from."""
        from harness.api._course_data import CourseDatasets

        return CourseDatasets(self._session)

    @property
    def grades(self) -> CourseGrades:
        """Everybody's grades, their exports to other systems, and feedback."""
        from harness.api._course_grades import CourseGrades

        return CourseGrades(self._session, self.records)

    @property
    def pages(self) -> CoursePages:
        """Reports of single records, and the static site."""
        from harness.api._course_pages import CoursePages

        return CoursePages(self._session)

    @property
    def platforms(self) -> CoursePlatforms:
        """Learning platforms and git hosts: imports of submissions, autograders."""
        from harness.api._course_platforms import CoursePlatforms

        return CoursePlatforms(self._session)

    @property
    def changes(self) -> CourseChanges:
        """Changes in git: pull requests and pushes that touch submissions."""
        from harness.api._course_changes import CourseChanges

        return CourseChanges(self._session)

    @property
    def audits(self) -> CourseAudits:
        """Audits that inform a person: of learning, of scored items, of similar code."""
        from harness.api._course_audits import CourseAudits

        return CourseAudits(self._session)

    def find_places(self) -> None:
        """Find out again where data may be: the course's own folder of data counts from when it exists."""
        self._session.find_places()

    @property
    def tasks(self) -> list[str]:
        """The names of all tasks."""
        return self.folders.task_names()

    def task(self, name: str) -> Task:
        """Return the declaration of a task, which is read again only if its files have changed.

        Raises
        ------
        UsageError
            There is no such task; the message suggests others.
        TaskError
            Its ``task.py`` has a mistake.
        """
        return self.folders.task(name)

    def data(self, name: str, *, data: DataChoice = "auto") -> tuple[Split, Split]:
        """Return the train and the validation part of a task, as `fit` gets them.

        Parameters
        ----------
        name : str
            The task.
        data : str
            The source: ``auto`` for the first one available, ``real`` for the first one that is not an embedded
            stand-in, or ``canonical``, ``local`` or ``embedded``.

        Returns
        -------
        tuple of Split
            The train part and the validation part.

        Raises
        ------
        UsageError
            There is no such task.
        TaskError
            The declaration or the data has a mistake.
        InfrastructureError
            The data is not on this machine and cannot be downloaded.
        """
        found = load_data(self.task(name), self.folders.task_digest(name), self.places, data)
        return found.for_fit.train, found.for_fit.validation

    def load_tasks(self, *names: str) -> LoadedTasks:
        """Return the named tasks, or all tasks, without those that have a mistake.

        Parameters
        ----------
        *names : str
            Tasks; without any, all tasks of the course.

        Returns
        -------
        LoadedTasks
            The tasks, and the mistakes of those that do not load.

        Raises
        ------
        UsageError
            There is no task of one of these names.
        """
        from harness.api._course_data import load_tasks

        return load_tasks(self.folders, names)

    def check_task(self, name: str, *, references: bool = False) -> Iterator[TaskFinding]:
        """Check a task for its author: its declaration, its data, its functions, its hand-out and its baselines.

        Parameters
        ----------
        name : str
            The task.
        references : bool, default False
            Whether to evaluate the references that baselines name; otherwise baselines are compared with existing
            records.

        Returns
        -------
        iterator of harness.taskcheck.TaskFinding
            The result of each check: passed, a mistake, a doubt, or skipped.
        """
        from harness.api._check_references import check_whole_task

        return check_whole_task(self, name, references=references)

    def submissions(self, *paths: str, task: str | None = None) -> list[Submission]:
        """Return the submissions at `paths`, only those for `task` if it is given.

        Raises
        ------
        UsageError
            There is no such submission; the message lists those that exist.
        """
        return list(dict.fromkeys(one for path in paths for one in self.folders.submissions(path, task)))

    def diagnose(self, *, clock: bool = False) -> Diagnosis:
        """Return a diagnosis of this machine and this course, with remedies for what does not work.

        Parameters
        ----------
        clock : bool
            Whether the yardstick is timed against itself, which takes three seconds.

        Returns
        -------
        Diagnosis
            An object that makes its observations on demand.
        """
        from harness.diagnosis import Diagnosis

        return Diagnosis(course=self.folders, places=self.places, clock=clock)

    def check(
        self,
        *paths: str,
        task: str | None = None,
        run: RunOptions = RunOptions(),
        follower: Follower | None = None,
    ) -> Checks:
        """Try submissions against the contract on a small sample, without computing a test score.

        Parameters
        ----------
        *paths : str
            Submissions, such as ``submissions/alice``.
        task : str, optional
            Only this task of each submission.
        run : RunOptions
            How they are run.
        follower : Follower, optional
            Follows what happens.

        Returns
        -------
        Checks
            The outcome of each check, for each submission.

        Raises
        ------
        UsageError
            A path names no submission.
        InfrastructureError
            No worker starts here.
        """
        session, follower = self._session, follower or Follower()
        submissions = self.submissions(*paths, task=task)
        report_repositories(self.folders, submissions, follower)
        session.begin_workers(run.requirement(), run.start, submissions)
        with closing(session.sandbox(run.requirement(), run.start, follower)) as sandbox:
            settings = replace(run.settings("auto"), weights="retrain")
            with Evaluator(self.folders, sandbox, self.places, settings, notify=follower.notice) as evaluator:
                return check_all(evaluator, submissions, follower)

    def evaluate(
        self,
        *paths: str,
        task: str | None = None,
        run: RunOptions = RunOptions(),
        training: TrainingOptions = TrainingOptions(),
        keep: Keep = "reuse",
        follower: Follower | None = None,
    ) -> Evaluations:
        """Train or load submissions in isolation, measure them, record the results and write the leaderboard.

        Parameters
        ----------
        *paths : str
            Submissions, such as ``submissions/alice``.
        task : str, optional
            Only this task of each submission.
        run : RunOptions
            How they are run.
        training : TrainingOptions
            The number of trainings, and what happens with shipped weights and claimed scores.
        keep : str
            ``reuse`` returns the records of unchanged submissions, ``force`` evaluates them again, and ``no_store``
            evaluates without writing records or the leaderboard.
        follower : Follower, optional
            Follows what happens.

        Returns
        -------
        Evaluations
            The record of each submission; one that fails has a record as well. Submissions that could not be evaluated
            through no fault of their own are in `Evaluations.not_done`; the others are still evaluated.

        Raises
        ------
        UsageError
            A path names no submission.
        InfrastructureError
            No worker starts here.
        """
        session, follower = self._session, follower or Follower()
        submissions = self.submissions(*paths, task=task)
        report_repositories(self.folders, submissions, follower)
        settings = replace(
            run.settings("auto"), repeats=training.repeats, weights=training.weights, claims=training.claims
        )
        session.begin_workers(run.requirement(), run.start, submissions)
        tasks = TasksInUse(self.folders, self.places, settings)
        if submissions and keep != "reuse":
            with follower.loading(submissions[0].task):
                tasks.load_ahead(submissions[0].task)  # while libraries are imported
        with closing(session.sandbox(run.requirement(), run.start, follower)) as sandbox:
            follower.isolated(sandbox.isolation)
            notify = follower.notice
            with Evaluator(self.folders, sandbox, self.places, settings, notify=notify, tasks=tasks) as evaluator:
                every = EvaluationRun(course=self.folders, evaluator=evaluator, keep=keep, follower=follower)
                return every.all(submissions)

    def plan_grading(
        self,
        selection: Selection = Selection(),
        *,
        rules: RuleFiles = RuleFiles(),
        run: RunOptions = RunOptions(),
        keep: KeptResults = "reuse",
        follower: Follower | None = None,
    ) -> GradingPlan:
        """Return what `grade` would do with the same arguments, and why, without doing it.

        Raises
        ------
        UsageError
            The folder, a pattern, the roster or a rule of the gradebook is wrong.
        InfrastructureError
            Another grader is running on this course.
        """
        from harness.api._grading_run import plan_class

        request = self._grading_request(selection, rules, run, keep)
        return plan_class(self._session, request, follower or Follower())

    def grade(  # noqa: PLR0913 - each is one idea, by name
        self,
        selection: Selection = Selection(),
        *,
        rules: RuleFiles = RuleFiles(),
        run: RunOptions = RunOptions(),
        jobs: JobOptions = JobOptions(),
        keep: KeptResults = "reuse",
        learning: Literal["audit", "skip"] = "audit",
        follower: Follower | None = None,
    ) -> GradingReport:
        """Grade a class. Unchanged submissions are not evaluated again.

        After the leaderboard and the gradebook are complete, the audit of learning tests the best submission of each
        task and those that look unusual. No record and no grade depends on its findings.

        Shipped weights are used only if the task allows it. If the task declares ``claims=True``, their scores are
        compared with the claimed ones and with those of a model trained here.

        Parameters
        ----------
        selection : Selection
            The submissions to grade; by default all in ``submissions/``.
        rules : RuleFiles
            The files with the rules of the gradebook.
        run : RunOptions
            How submissions are run; on ``real`` data and with the isolation that grades need unless they say otherwise.
        jobs : JobOptions
            How many jobs run in parallel, and where.
        keep : str
            ``reuse`` keeps the records of unchanged submissions, ``force`` evaluates everything again.
        learning : str
            ``audit`` to run the audit of learning at the end, for submissions that were not tested before, or ``skip``.
        follower : Follower, optional
            Follows what happens.

        Returns
        -------
        GradingReport
            The plan, the results of all submissions, and the gradebook.

        Raises
        ------
        UsageError
            The folder, a pattern, the roster or a rule of the gradebook is wrong.
        InfrastructureError
            Another grader is running on this course, or no worker starts here.
        """
        from harness.api._grading_run import grade_class

        request = self._grading_request(selection, rules, run, keep)
        return grade_class(self._session, request, jobs, learning, follower or Follower())

    def leaderboard(self) -> Board:
        """Rebuild ``leaderboard/`` from the records; equal records give equal files.

        Returns
        -------
        Board
            The groups of comparable records, each of them ranked.
        """
        return rebuild_board(self.folders)

    def publish_withheld(self, task: str | None = None) -> FinalBoard:
        """Publish the final board: the full records of private parts, of which the Ladder released single scores.

        Parameters
        ----------
        task : str or None
            Only the records of this task.

        Returns
        -------
        FinalBoard
            The records that were published, and those without a full record on this machine.

        Raises
        ------
        UsageError
            ``HARNESS_PRIVATE``, where the full records are, is not set.
        """
        from harness.api._final_board import publish_withheld

        return publish_withheld(self.folders, self.places, task)

    def points(self, board: Board) -> dict[str, float]:
        """Return the points of each submission on `board`, without lateness and instructors' decisions.

        Parameters
        ----------
        board : Board
            The result of `leaderboard`.

        Returns
        -------
        dict
            The points by submission, summed over tasks; empty if no task has cut-offs.
        """
        return points_of(self.folders, board)

    def _grading_request(
        self, selection: Selection, rules: RuleFiles, run: RunOptions, keep: KeptResults
    ) -> GradingRequest:
        from harness.api._grading_run import GradingRequest

        return GradingRequest(
            selection=selection,
            rules=rules,
            settings=replace(run.settings("real"), weights="declared", claims="declared"),
            isolation=run.requirement(FOR_GRADES),
            start=run.start,
            keep=keep,
        )
