"""`OpenCourse`: everything that the commands do with a course, as a Python API."""

from __future__ import annotations

import os
import weakref
from collections.abc import Iterator, Sequence
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from harness.api._board import build_board, points_of, rebuild_board, stores_of
from harness.api._evaluation_run import EvaluationRun, Keep, check_all, report_repositories
from harness.api._follow import Follower
from harness.api._records import Records
from harness.api._results import Checks, Evaluations, FeedbackFiles, GradingReport, LoadedTasks, PrivateTest
from harness.contract import Split, Task
from harness.course import Course, Submission
from harness.data import DataChoice, Places, Withheld, load_data
from harness.evaluation import Device, Evaluator, Settings
from harness.leaderboard import Board, ItemAnalysis, analyse_items
from harness.sandbox import ForkServerOwner, Requirement, Sandbox, Start, find_required_sandbox

if TYPE_CHECKING:  # each method imports what only it needs: an evaluation needs none of it
    from harness.api._grades import GradingRules
    from harness.api._report_page import MaterialFinder
    from harness.ci import Outside, Result
    from harness.diagnosis import Diagnosis
    from harness.gradebook import Entry, Gradebook, Rules
    from harness.learning import Learning
    from harness.lms import Imported, LearnedPushes, LearnedTable
    from harness.record import ScoredOn
    from harness.site import SiteFiles

_GRADES = "landlock"
"""The weakest isolation that is accepted for grades by default."""


def open_course(path: str | Path = ".", *, data_root: str | Path | None = None) -> OpenCourse:
    """Open the course that `path` lies in.

    Parameters
    ----------
    path : str or pathlib.Path
        The course's folder, or any folder or file in it.
    data_root : str or pathlib.Path, optional
        Folder with ``<task>/<files>``; otherwise what ``HARNESS_DATA`` names.

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

    Notes
    -----
    Arguments of these names mean the same in every method:

    task : str, optional
        Only this task of each submission.
    data : str
        The source of the data: ``auto`` for the first one available, ``real`` for the first one that is not an
        embedded stand-in, or ``canonical``, ``local`` or ``embedded``.
    seed : int
        Base of all seeds, in [0, 2**32).
    device : str
        What models may compute on: ``cpu`` or ``cuda``.
    latency_seconds : float
        The longest that latency is measured; it stops when its ratio to the yardstick is known to 2 %.
    isolation : str, optional
        The weakest isolation to accept, or ``exactly:LEVEL``; otherwise the best one available.
    start : str
        ``warm`` or ``cold``: whether workers are forked from a process that has imported the libraries.
    follower : Follower, optional
        Follows what happens.
    """

    def __init__(
        self, folders: Course, data_root: Path | None = None, fork_servers: ForkServerOwner | None = None
    ) -> None:
        self.folders = folders
        self._data_root = data_root
        self.find_places()
        self._fork_servers = fork_servers

    def find_places(self) -> None:
        """Find out again where data may be: the course's own folder of data counts from when it exists."""
        self.places = Places.of(os.environ, self._data_root, self.folders.data)

    def data_root_to_write(self) -> Path:
        """Return the data root, or the course's own folder of data where none is named."""
        return self.places.root or self.folders.data

    def fork_servers(self, start: Start) -> ForkServerOwner | None:
        """Return the fork servers of workers, the same for the life of this object; None for a cold `start`."""
        if start == "cold":
            return None
        if self._fork_servers is None:
            self._fork_servers = ForkServerOwner()
            weakref.finalize(self, self._fork_servers.close)
        return self._fork_servers

    def __repr__(self) -> str:
        return f"OpenCourse({str(self.root)!r})"

    @property
    def root(self) -> Path:
        """The course's folder."""
        return self.folders.root

    @property
    def tasks(self) -> list[str]:
        """The names of all tasks."""
        return self.folders.task_names()

    @property
    def records(self) -> Records:
        """The newest record of each submission, and the earlier ones."""
        return Records(self.folders, stores_of(self.folders))

    def task(self, name: str) -> Task:
        """Return the declaration of a task, which is read again only if its files have changed.

        Raises
        ------
        UsageError
            There is no such task; the message says which there are.
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

    def fetch_data(self, tasks: Sequence[str] | None = None, *, follower: Follower | None = None) -> list[Path]:
        """Download the official files and the assets of tasks into the cache.

        Parameters
        ----------
        tasks : sequence of str, optional
            The names of tasks; otherwise all tasks.
        follower : Follower, optional
            Follows what happens.

        Returns
        -------
        list of pathlib.Path
            The folder of each source's files, and the file of each asset.

        Raises
        ------
        UsageError
            There is no such task.
        TaskError
            The declaration of a task has a mistake.
        InfrastructureError
            Something cannot be downloaded. All that could be is in the cache.
        """
        from harness.api._course_data import fetch

        declared = [self.task(name) for name in (self.tasks if tasks is None else tasks)]
        return fetch(declared, self.places, follower or Follower())

    def write_private_test(
        self, task: str, *, keep: Withheld = "targets", data: DataChoice = "auto", follower: Follower | None = None
    ) -> PrivateTest:
        """Write the private test part of a task to ``$HARNESS_PRIVATE/<task>/``, made from the data on this machine.

        Parameters
        ----------
        task : str
            The name of a task that declares ``private_test=True``.
        keep : str
            What students must not have: ``targets`` or ``inputs-and-targets``.
        data, follower
            See `OpenCourse`.

        Returns
        -------
        PrivateTest
            The file, and what is in it.

        Raises
        ------
        UsageError
            The task declares no private test part, or ``HARNESS_PRIVATE`` is not set.
        InfrastructureError
            The data on this machine has no test targets.
        """
        from harness.api._course_data import write_private_test

        return write_private_test(self.folders, self.places, task, keep, data, follower or Follower())

    def diagnose(self, *, clock: bool = False) -> Diagnosis:
        """Return what works on this machine, for this course, and what to do about what does not.

        Parameters
        ----------
        clock : bool
            Whether the yardstick is timed against itself, which takes three seconds.

        Returns
        -------
        Diagnosis
            Makes its observations when they are asked for.
        """
        from harness.diagnosis import Diagnosis

        return Diagnosis(course=self.folders, places=self.places, clock=clock)

    def submissions(self, *paths: str, task: str | None = None) -> list[Submission]:
        """Return the submissions at `paths`, only those for `task` if it is given.

        Raises
        ------
        UsageError
            There is no such submission; the message lists those that exist.
        """
        return list(dict.fromkeys(one for path in paths for one in self.folders.submissions(path, task)))

    def check(
        self,
        *paths: str,
        task: str | None = None,
        data: DataChoice = "auto",
        isolation: str | None = None,
        start: Start = "warm",
        follower: Follower | None = None,
    ) -> Checks:
        """Try submissions against the contract on a small sample, without computing a test score.

        Parameters
        ----------
        *paths : str
            Submissions, such as ``submissions/alice``.
        task, data, isolation, start, follower
            See `OpenCourse`.

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
        follower = follower or Follower()
        submissions = self.submissions(*paths, task=task)
        report_repositories(self.folders, submissions, follower)
        with closing(self._sandbox(isolation, start, follower)) as sandbox:
            settings = Settings(data=data, weights="retrain")
            with Evaluator(self.folders, sandbox, self.places, settings) as evaluator:
                return check_all(evaluator, submissions, follower)

    def audit_learning(  # noqa: PLR0913 - one argument an option, by name
        self,
        *paths: str,
        task: str | None = None,
        data: DataChoice = "real",
        seed: int = 0,
        device: Device = "cpu",
        isolation: str | None = None,
        start: Start = "warm",
        follower: Follower | None = None,
    ) -> dict[Submission, Learning]:
        """Test whether scores come from learning from the data given to `fit`, with about five fits per submission.

        Parameters
        ----------
        *paths : str
            Submissions, such as ``submissions/alice``; without any, the best of each task on the leaderboard, and
            those that look unusual.
        task, data, seed, device, isolation, start, follower
            See `OpenCourse`.

        Returns
        -------
        dict
            The findings, by submission. No record and no grade depends on them.

        Raises
        ------
        UsageError
            A path names no submission.
        InfrastructureError
            No worker starts here.
        """
        from harness.api._learning_run import Candidate, audit_candidates, find_candidates

        follower = follower or Follower()
        named = [Candidate(one, "named") for one in self.submissions(*paths, task=task)]
        worthy = (one for group in find_candidates(self.folders) for one in group)
        candidates = named if paths else [one for one in worthy if task in {None, one.submission.task}]
        if not candidates:
            return {}
        with closing(self._sandbox(isolation, start, follower)) as sandbox:
            settings = Settings(data=data, seed=seed, weights="retrain", device=device)
            with Evaluator(self.folders, sandbox, self.places, settings) as evaluator:
                found = audit_candidates(self.folders, evaluator, candidates, follower)
                return {one.submission: one.learning for one in found}

    def evaluate(  # noqa: PLR0913 - one argument an option, by name
        self,
        *paths: str,
        task: str | None = None,
        data: DataChoice = "auto",
        seed: int = 0,
        repeats: int = 1,
        device: Device = "cpu",
        latency_seconds: float = Settings.latency_seconds,
        retrain: bool = False,
        claims: bool = False,
        keep: Keep = "reuse",
        isolation: str | None = None,
        start: Start = "warm",
        follower: Follower | None = None,
    ) -> Evaluations:
        """Train or load submissions in isolation, measure them, record the results and write the leaderboard.

        Parameters
        ----------
        *paths : str
            Submissions, such as ``submissions/alice``.
        repeats : int
            How many times a model is trained, each time with another seed; the score is the mean.
        retrain : bool
            Whether to train even if ``weights/`` was shipped.
        claims : bool
            Whether to compare the score that a submission claims with the scores of its shipped weights and of a model
            trained here (`Record.claims`). It does not affect the result.
        keep : str
            ``reuse`` returns the record of what has not changed, ``force`` evaluates it again, and ``no_store``
            evaluates, writes no record and leaves the leaderboard alone.
        task, data, seed, device, latency_seconds, isolation, start, follower
            See `OpenCourse`.

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
        follower = follower or Follower()
        submissions = self.submissions(*paths, task=task)
        report_repositories(self.folders, submissions, follower)
        settings = Settings(
            data=data,
            seed=seed,
            repeats=repeats,
            weights="retrain" if retrain else "load",
            claims="compare" if claims else "ignore",
            device=device,
            latency_seconds=latency_seconds,
        )
        with closing(self._sandbox(isolation, start, follower)) as sandbox:
            follower.isolated(sandbox.isolation)
            with Evaluator(self.folders, sandbox, self.places, settings) as evaluator:
                run = EvaluationRun(course=self.folders, evaluator=evaluator, keep=keep, follower=follower)
                return run.all(submissions)

    def evaluate_change(  # noqa: PLR0913 - one argument an option, by name
        self,
        base: str,
        head: str = "HEAD",
        *,
        author: str | None = None,
        outside: Outside = "refuse",
        score_on: ScoredOn = "validation",
        data: DataChoice = "real",
        latency_seconds: float = Settings.latency_seconds,
        isolation: str | None = None,
        start: Start = "warm",
        follower: Follower | None = None,
    ) -> Result:
        """Evaluate the submissions that a change in git touches, and nothing else.

        Tasks and records come from `base`, submissions from `head`, both as committed. The work tree is ignored.

        Parameters
        ----------
        base : str
            The commit that the change is to be merged into.
        head : str
            The commit with the change.
        author : str, optional
            The only submission that may change; otherwise any may.
        outside : str
            What to do about changes outside of ``submissions/``: ``refuse`` or ``report``.
        score_on : str
            The part to score on: ``validation`` or ``test``.
        data, latency_seconds, isolation, start, follower
            See `OpenCourse`. The weakest isolation is ``landlock`` unless another is given.

        Returns
        -------
        harness.ci.Result
            What was found about the change, and a record for each submission.

        Raises
        ------
        UsageError
            The course is not in a git repository, or git does not know the commits.
        InfrastructureError
            No worker starts here.
        """
        from harness.api._change_run import ChangeRequest, evaluate_change
        from harness.ci import ChangePolicy

        follower = follower or Follower()
        request = ChangeRequest(
            base=base,
            head=head,
            policy=ChangePolicy(outside, author),
            settings=Settings(data=data, weights="declared", score_on=score_on, latency_seconds=latency_seconds),
        )
        opened = partial(self._sandbox, isolation or _GRADES, start, follower)
        return evaluate_change(self.folders, self.places, request, opened, follower)

    def grade(  # noqa: PLR0913 - one argument an option, by name
        self,
        folder: str = "submissions",
        *,
        only: Sequence[str] = (),
        task: str | None = None,
        data: DataChoice = "real",
        seed: int = 0,
        device: Device = "cpu",
        latency_seconds: float = Settings.latency_seconds,
        isolation: str | None = None,
        start: Start = "warm",
        jobs: int | None = None,
        scheduler: str | None = None,
        roster: str | Path | None = None,
        deadline: str | None = None,
        count_validation: bool = False,
        force: bool = False,
        dry_run: bool = False,
        audit_learning: bool = True,
        follower: Follower | None = None,
    ) -> GradingReport:
        """Grade a class: every submission in `folder`. What has not changed is not evaluated again.

        After the leaderboard and the gradebook are complete, the audit of learning tests the best submission of each
        task and those that look unusual. No record and no grade depends on what it finds.

        Shipped weights are used only if the task allows it. If the task declares ``claims=True``, they are compared
        with what is claimed and with a model trained here.

        Parameters
        ----------
        folder : str
            ``submissions`` or ``reference``.
        only : sequence of str
            Only these, ``NAME`` or ``NAME/TASK``; ``*`` and ``?`` are patterns.
        jobs : int, optional
            Maximum number of parallel jobs, which is also limited by the cores.
        scheduler : str, optional
            A Dask cluster that runs the jobs: ``tcp://HOST:PORT``, ``local:N`` or ``slurm``.
        roster : str or pathlib.Path, optional
            CSV file that lists the people in the class.
        deadline : str, optional
            One deadline for every task, in ISO 8601; otherwise those of ``gradebook.toml``.
        count_validation : bool
            Whether scores on validation count for grades if a private test part is not on this machine.
        force : bool
            Whether to evaluate again what has not changed.
        dry_run : bool
            Whether to plan only.
        audit_learning : bool
            Whether the audit of learning is run. What has not changed is not tested again.
        task, data, seed, device, latency_seconds, isolation, start, follower
            See `OpenCourse`. The weakest isolation is ``landlock`` unless another is given.

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
        from harness.api._grading_run import GradingRequest, grade_class

        request = GradingRequest(
            folder=folder,
            only=tuple(only),
            task=task,
            settings=Settings(
                data=data,
                seed=seed,
                weights="declared",
                claims="declared",
                device=device,
                latency_seconds=latency_seconds,
            ),
            isolation=Requirement.parse(isolation or _GRADES),
            start=start,
            jobs=jobs,
            scheduler=scheduler,
            roster=None if roster is None else Path(roster),
            deadline=deadline,
            count_validation=count_validation,
            force=force,
            dry_run=dry_run,
            audit_learning=audit_learning,
        )
        return grade_class(self.folders, self.places, request, self.fork_servers(start), follower or Follower())

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
            What became of each hand-in; a hand-in is imported when the iterator reaches it.

        Raises
        ------
        UsageError
            There is no such system, task or file, or the roster, the table or the policy has a mistake.
        """
        from harness.api._import_run import ImportRun, find_system

        found, read_by = Path(source), find_system(self.folders, system)
        run = ImportRun.of(self.folders, found, task, None if roster is None else Path(roster))
        required = Requirement.parse(isolation or _GRADES)
        return run.submissions(read_by, found, None if table is None else Path(table), required)

    def import_times(
        self, source: str | Path, *, task: str | None = None, roster: str | Path | None = None
    ) -> LearnedPushes | LearnedTable:
        """Keep the times of handing in that a platform's table, or a git host's record of pushes in JSON, has.

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
            What was read.

        Raises
        ------
        UsageError
            There is no such task or file, or the file or the roster has a mistake.
        """
        from harness.api._import_run import ImportRun

        found = Path(source)
        return ImportRun.of(self.folders, found, task, None if roster is None else Path(roster)).times(found)

    def rules(
        self, roster: str | Path | None = None, deadline: str | None = None, *, count_validation: bool = False
    ) -> GradingRules:
        """Return the rules of the gradebook: the roster, the policy for late work and the adjustments made by hand.

        Raises
        ------
        UsageError
            One of the files, or the deadline, has a mistake.
        """
        from harness.api._grades import read_rules

        path = None if roster is None else Path(roster)
        return read_rules(self.folders, path, deadline, count_validation=count_validation)

    def gradebook(self, rules: Rules, tasks: Sequence[str] | None = None) -> Gradebook:
        """Return everybody's current grades, for every task or only for `tasks`, without writing anything."""
        from harness.api._grades import make_gradebook

        return make_gradebook(self.folders, rules, tasks)

    def leaderboard(self) -> Board:
        """Rebuild ``leaderboard/`` from the records; equal records give equal files.

        Returns
        -------
        Board
            The groups of comparable records, each of them ranked.
        """
        return rebuild_board(self.folders)

    def points(self, board: Board) -> dict[str, float]:
        """Return the points of each submission on `board`, before lateness and decisions made by hand.

        Parameters
        ----------
        board : Board
            What `leaderboard` returned.

        Returns
        -------
        dict
            The points by submission, summed over tasks; empty where no task has cut-offs.
        """
        return points_of(self.folders, board)

    def item_analysis(self, task: str) -> list[ItemAnalysis]:
        """Return what the results of a class say about the scored items of `task`. It is for instructors alone.

        Parameters
        ----------
        task : str
            The name of a task.

        Returns
        -------
        list of ItemAnalysis
            One for each group of comparable records, in the order of the leaderboard; nothing is written.
        """
        stores = stores_of(self.folders)
        groups = build_board(self.folders).groups
        return [analyse_items(group, stores.evidence) for group in groups if group.key.task == task]

    def report(self, submission: Submission, *, audience: str = "student") -> str:
        """Return an HTML page about the newest record of `submission`.

        Parameters
        ----------
        submission : Submission
            One of `submissions`.
        audience : str
            Who the page is for, which decides what it may show: ``student``, ``instructor`` or ``public``.

        Raises
        ------
        UsageError
            The submission has no record, or there is no such audience.
        InfrastructureError
            Its record cannot be read.
        """
        from harness.api._report_page import read_audience, report_page

        return report_page(self.folders, self.places, submission, read_audience(audience))

    def report_materials(self) -> MaterialFinder:
        """Return an object that gathers what reports are made from, for many reports: it reads shared things once."""
        from harness.api._report_page import MaterialFinder

        return MaterialFinder(self.folders, self.places, build_board(self.folders))

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
            Everybody's grades for it: the entries of `gradebook`.
        worksheet : str or pathlib.Path, optional
            Moodle's grading worksheet with everybody's number; otherwise the numbers of the download are used.
        folder : str or pathlib.Path, optional
            Where to write; otherwise ``.harness/feedback/<task>``. The pages for the people who mark are always in
            ``.harness/marking/<task>``.

        Returns
        -------
        FeedbackFiles
            What was written, and who is not in a zip.

        Raises
        ------
        UsageError
            There is no such task, or the worksheet cannot be read.
        """
        from harness.api._feedback_files import FeedbackRun

        run = FeedbackRun(
            course=self.folders, records=self.records, reports=self.report_materials(), task=task, entries=entries
        )
        return run.write(*(None if path is None else Path(path) for path in (worksheet, folder)))

    def site(self, *, audience: str = "public", folder: str | Path | None = None) -> SiteFiles:
        """Write static pages about the course: the boards, and a report for each record.

        Pages of records that have not changed are not written again; pages of withdrawn records are removed.

        Parameters
        ----------
        audience : str
            ``public`` for pages that may be published. ``instructor`` adds logs, test items and what the class
            teaches; nothing publishes these pages.
        folder : str or pathlib.Path, optional
            Where to write; otherwise ``leaderboard/site``, or ``.harness/site`` for instructors.

        Returns
        -------
        SiteFiles
            The folder, and how many pages there are and were written.

        Raises
        ------
        UsageError
            There is no such audience, or it gets no site.
        """
        from harness.api._course_site import write_site_of
        from harness.api._report_page import read_audience

        return write_site_of(
            self.folders, self.places, read_audience(audience), None if folder is None else Path(folder)
        )

    def _sandbox(self, isolation: str | None, start: Start, follower: Follower) -> Sandbox:
        """Open a sandbox whose workers see neither the course nor its data."""
        wanted = Requirement() if isolation is None else Requirement.parse(isolation)
        hidden = [self.root, *self.places.all()]
        return find_required_sandbox(hidden, wanted, self.fork_servers(start), follower.notice)
