"""Grade a class: plan and run the jobs, store the results and make the gradebook, one grader at a time per course."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Literal

from harness.api._board import keep_aliases, rebuild_board_if_stale, stores_of
from harness.api._course_session import CourseSession
from harness.api._follow import Follower
from harness.api._grades import keep, make_gradebook, read_rules
from harness.api._learning_run import MOST_IN_A_TASK, audit_candidates, choose_of_graded, kept_finding
from harness.api._options import JobOptions, KeptResults, RuleFiles, Selection
from harness.api._results import ComparedClaims, GradingPlan, GradingReport, LearningFinding
from harness.api._submissions import find_submissions
from harness.contract import Task
from harness.course import Course, Submission
from harness.data import Places, load_data
from harness.errors import HarnessError, InfrastructureError, UsageError
from harness.evaluation import (
    EvaluationResult,
    Evaluator,
    Settings,
    TasksInUse,
    describe_git,
    lacks_comparison,
    read_contents,
    wants_claims,
    with_claimed,
)
from harness.gradebook import NOT_GRADED, Entry, Gradebook, Rules
from harness.grading import (
    Cluster,
    DataParcel,
    Executor,
    Grading,
    JobDone,
    JobLost,
    Journal,
    LocalExecutor,
    Obstacle,
    Orders,
    ResultSummary,
    Terms,
    Work,
    plan_work,
    scheduler,
)
from harness.locks import exclusive_lock
from harness.record import Claims, Record
from harness.release import Hand, KeptCount, KeptScores, counts_of, is_ladder, refuse_over_quota
from harness.sandbox import Requirement, Start, begin_fork_servers, find_gpus, find_required_sandbox
from harness.text import count_of, neutral_line

_NAMED = 3
"""Maximum number of submissions that a message names."""
_COMMAND = "`harness audit learning`"


@dataclass(frozen=True, kw_only=True)
class GradingRequest:
    """The submissions to grade, the rules, and how the submissions are run."""

    selection: Selection
    rules: RuleFiles
    settings: Settings
    isolation: Requirement
    start: Start
    keep: KeptResults


def plan_class(session: CourseSession, request: GradingRequest, follower: Follower) -> GradingPlan:
    """Return the plan for grading all requested submissions."""
    rules = _read_rules(session.folders, request, follower)
    with _one_at_a_time(session.folders):
        found = _GradingRun(session, request, rules, follower).find()
    return GradingPlan(work=found.work, left_out=found.left_out)


def grade_class(
    session: CourseSession,
    request: GradingRequest,
    jobs: JobOptions,
    learning: Literal["audit", "skip"],
    follower: Follower,
) -> GradingReport:
    """Grade all requested submissions; unchanged ones are not evaluated again."""
    rules = _read_rules(session.folders, request, follower)
    with _one_at_a_time(session.folders):
        run = _GradingRun(session, request, rules, follower)
        found = run.find()
        report = run.grade(found, jobs)
        if learning == "audit":
            report = replace(report, learning=tuple(run.audit_learning(found.submissions)))
    return report


def _read_rules(course: Course, request: GradingRequest, follower: Follower) -> Rules:
    asked = read_rules(course, request.rules)
    for warning in asked.warnings:
        follower.warned(warning)
    return asked.rules


@dataclass(frozen=True, kw_only=True)
class _PlannedRun:
    """The submissions of a grading run, the plan, and what cannot be graded."""

    submissions: Sequence[Submission]
    left_out: tuple[Obstacle, ...]
    work: Work


@dataclass(frozen=True)
class _GradingRun:
    session: CourseSession
    request: GradingRequest
    rules: Rules
    follower: Follower

    @property
    def course(self) -> Course:
        return self.session.folders

    @property
    def places(self) -> Places:
        return self.session.places

    @property
    def journal(self) -> Journal:
        return Journal(self.course.private / "grade" / "problems.json")

    def find(self) -> _PlannedRun:
        """Find the submissions and plan their jobs; report folders that are left out, with reasons."""
        submissions, left_out = find_submissions(self.course, self.request.selection)
        work = self._plan(submissions)
        for obstacle in (*work.obstacles, *left_out):
            text = str(obstacle.error).removeprefix(f"{obstacle.what}: ")
            self.follower.left_out(f"{obstacle.what}: {text}")
        self._warn_of_validation(submissions)
        return _PlannedRun(submissions=submissions, left_out=tuple(left_out), work=work)

    def grade(self, found: _PlannedRun, jobs: JobOptions) -> GradingReport:
        """Run the jobs, store the results, and write the leaderboard and the gradebook."""
        course, submissions = self.course, found.submissions
        summaries, lost = self._do(found.work, jobs)
        compared = self._claims(submissions)
        if self.rules.roster is not None:
            keep_aliases(course, self.rules.roster.aliases())
        rebuild_board_if_stale(course)
        book = make_gradebook(course, self.rules, current=_still_current(found.work))
        kept = keep(course, book.entries)
        not_here = _not_here(course, book, self.request.selection.task)
        for entry in not_here:
            self.follower.warned(f"{entry.person} · {entry.task} is not graded: {entry.note}")
        return GradingReport(
            work=found.work,
            left_out=found.left_out,
            summaries=tuple(summaries),
            lost=tuple(lost),
            claims=tuple(compared),
            gradebook=book,
            kept=kept,
            learning=(),
            not_graded=_not_graded(book, submissions, not_here),
        )

    def _plan(self, submissions: Sequence[Submission]) -> Work:
        request = self.request
        terms = Terms(
            settings=request.settings,
            isolation=request.isolation,
            force=request.keep == "force",
            failed=self.journal.problems,
        )
        tasks = TasksInUse(self.course, self.places, request.settings)
        work = plan_work(tasks, stores_of(self.course).records, submissions, terms)
        work = self._within_quota(work, tasks)
        self.follower.planned(work)
        return work

    def _within_quota(self, work: Work, tasks: TasksInUse) -> Work:
        """Return `work` without the jobs of people whose quota for today is used up, if grading runs automatically.

        On the instructor's own machine grading is not a hand-in: it is neither refused nor counted.
        """
        if self.places.private is None:
            return work
        count = counts_of(os.environ, KeptScores(self.places.private))
        if isinstance(count, KeptCount):
            return work
        jobs, obstacles = [], []
        for job in work.jobs:
            try:
                if (hand := self._counted(job.submission, tasks)) is not None:
                    refuse_over_quota(self.course.task(hand.task).quota, hand, count, datetime.now(UTC))
            except HarnessError as error:
                obstacles.append(Obstacle(str(job.submission), error))
            else:
                jobs.append(job)
        return replace(work, jobs=tuple(jobs), obstacles=(*work.obstacles, *obstacles))

    def _counted(self, submission: Submission, tasks: TasksInUse) -> Hand | None:
        """Return the version of `submission` to count; None if its task limits nothing."""
        used = tasks.task(submission.task)
        if not used.task.limits_release or used.facts.scored_on != "test":
            return None
        contents = read_contents(submission.folder, used.task.limits, submission.shared)
        return Hand(task=submission.task, submission=submission.name, digest=contents.digest)

    def _warn_of_validation(self, submissions: Sequence[Submission]) -> None:
        """Warn about tasks that will be scored on validation because their private test part is not here."""
        for name in sorted({one.task for one in submissions}):
            try:
                task = self.course.task(name)
            except HarnessError:
                continue  # the plan has reported it
            private = self.places.private
            if task.private_test and (private is None or not (private / name).is_dir()):
                counted = self.request.rules.count_validation
                what = "they make grades" if counted else "they make no grades without --count-validation"
                where = "its private test part is not here (HARNESS_PRIVATE)"
                self.follower.warned(f"task {name}: {where}: scores are on validation, and {what}")

    def _do(self, work: Work, jobs: JobOptions) -> tuple[list[ResultSummary], list[JobLost]]:
        """Run the jobs; return the results of all submissions, including kept ones, and the jobs without a result."""
        summaries, lost = [kept.summary for kept in work.kept], list[JobLost]()
        stores = stores_of(self.course)
        of_job = {(job.submission.task, job.submission.name): job.submission for job in work.jobs}

        def store(result: EvaluationResult) -> EvaluationResult:
            record = self._with_claimed(result.record, of_job)
            if self.places.private is not None:
                shown = stores.records.read(record.task.name, record.submission.name)
                shown = shown if isinstance(shown, Record) else None
                record = KeptScores(self.places.private).release(record, result.evidence, shown)
            stores.keep(record, result.evidence)
            return replace(result, record=record)

        executor = self._executor(work, jobs)
        if work.jobs:
            with _log(self._log_file) as log, self.follower.grading(len(work.jobs)) as follow:
                for event in Grading(executor=executor, keep=store, journal=self.journal, log=log).run(work.jobs):
                    follow(event)
                    if isinstance(event, JobDone):
                        summaries.append(ResultSummary.of(event.result.record))
                    if isinstance(event, JobLost) and event.final:
                        lost.append(event)
        return sorted(summaries, key=lambda summary: (summary.name, summary.task)), lost

    def _with_claimed(self, record: Record, jobs: Mapping[tuple[str, str], Submission]) -> Record:
        """Return `record` with the claims of the submission, if its weights were compared."""
        submission = jobs.get((record.task.name, record.submission.name))
        if record.claims is None or submission is None:
            return record
        try:
            return with_claimed(record, submission.folder, self.course.task(submission.task))
        except HarnessError:  # somebody has broken the task meanwhile; the result is valid
            return record

    def _claims(self, submissions: Sequence[Submission]) -> list[ComparedClaims]:
        """Add the current claims of submissions to their records, for tasks that compare claims; return all claims.

        Claims are in documents, on which no result depends. They are read here, because the submissions are here.
        """
        compared = []
        task_of = cache(self.course.task)
        for submission in submissions:
            try:
                task = task_of(submission.task)
            except HarnessError:
                continue  # the plan has reported it
            if wants_claims(task, self.request.settings):
                try:
                    claims = self._claims_of(submission, task)
                except (HarnessError, OSError) as error:
                    self.follower.warned(f"{submission}: its claim is not compared: {error}")
                    continue
                compared += [] if claims is None else [ComparedClaims(submission, claims)]
        return compared

    def _claims_of(self, submission: Submission, task: Task) -> Claims | None:
        """Add the claims of one submission to its record; None without a record, or if weights must be scored first."""
        records = stores_of(self.course).records
        record = records.read(submission.task, submission.name)
        if not isinstance(record, Record) or is_ladder(record):
            return None
        if record.claims is None:
            contents = read_contents(submission.folder, task.limits, submission.shared)
            if lacks_comparison(record, contents):
                self.follower.warned(f"{submission}: its weights were not scored; the next `harness grade` scores them")
                return None
        refreshed = with_claimed(record, submission.folder, task)
        if refreshed != record:
            records.write(refreshed)
        return refreshed.claims

    def audit_learning(self, submissions: Sequence[Submission]) -> Iterator[LearningFinding]:
        """Test on this machine whether scores were learned, after all results and grades have been stored."""
        course, request = self.course, self.request
        chosen, left = choose_of_graded(course, submissions)
        if left:
            names = ", ".join(str(one.submission) for one in left[:_NAMED])
            more = f" and {len(left) - _NAMED} more" if len(left) > _NAMED else ""
            text = f"the audit of learning tests {MOST_IN_A_TASK} submissions per task, and left out {names}{more}"
            self.follower.notice(f"{text}; {_COMMAND} PATH tests them")
        new = []
        for one in chosen:
            finding = kept_finding(course, one)
            if finding is None:
                new.append(one)
            else:
                yield finding
        if not new:
            return
        try:
            sandbox = self.session.sandbox(request.isolation, request.start, self.follower)
        except HarnessError as error:
            self.follower.warned(f"the audit of learning was not run: {error}; {_COMMAND} runs it later")
            return
        with closing(sandbox):
            settings = replace(request.settings, weights="retrain", claims="ignore")
            evaluator = Evaluator(course, sandbox, self.places, settings, notify=self.follower.notice)
            yield from audit_candidates(course, evaluator, new, self.follower)

    def _executor(self, work: Work, jobs: JobOptions) -> Executor:
        request = self.request
        if any("\udc80" <= character <= "\udcff" for character in str(self.course.root)):  # bytes that are no text
            raise UsageError(f"{self.course.root}: its name is not UTF-8, so no job can find it: rename it")
        orders = Orders(
            root=str(self.course.root),
            data_root=None if self.places.root is None else str(self.places.root.absolute()),
            settings=request.settings,
            isolation=request.isolation,
            start=request.start,
        )
        if jobs.scheduler is None:
            return self._local(orders, work, jobs.jobs)
        return self._cluster(orders, work, jobs.scheduler, jobs.jobs)

    def _local(self, orders: Orders, work: Work, jobs: int | None) -> LocalExecutor:
        """Return an executor for this machine, with as many parallel jobs as the cores allow."""
        fork_servers = self.session.fork_servers(orders.start)
        if work.jobs:
            hidden = [self.course.root, *self.places.all()]
            if fork_servers is not None and not orders.isolation.exactly:
                begin_fork_servers(fork_servers, hidden, [job.submission.folder for job in work.jobs])
            # the runners raise the notices
            with closing(find_required_sandbox(hidden, orders.isolation, fork_servers, lambda _: None)) as sandbox:
                self.follower.isolated(sandbox.isolation)
        cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
        most = max(1, cores // work.threads)
        slots = min(most, jobs or most, max(1, len(work.jobs)))
        if orders.settings.device == "cuda":
            slots = min(slots, len(find_gpus()))
        if jobs is not None and jobs > most:
            text = f"{count_of(most, 'job', 'jobs')} at a time, not {jobs}: each takes {work.threads} of {cores} cores"
            self.follower.notice(text)
        return LocalExecutor(orders=orders, slots=slots, log=self._log_file, fork_servers=fork_servers)

    def _cluster(self, orders: Orders, work: Work, address: str, jobs: int | None) -> Cluster:
        """Return an executor for the cluster of the scheduler at `address`."""
        course = self.course
        connect, patience = scheduler(address, jobs, work.threads, self._log_file.parent)

        def load(name: str) -> DataParcel:
            task = course.task(name)
            data = load_data(task, course.task_digest(name), self.places, orders.settings.data)
            return DataParcel.of(task, data)

        git = describe_git(course.root)
        return Cluster(course=course, orders=orders, load=load, git=git, connect=connect, patience=patience)

    @property
    def _log_file(self) -> Path:
        return self.course.private / "grade" / "grade.log"


def _still_current(work: Work) -> dict[tuple[str, str], Record]:
    """Return the kept records, if nothing was evaluated since they were compared with the files; else none.

    An evaluation takes long enough for anybody to hand in something else, so everything is read again after it.
    """
    kept = () if work.jobs else work.kept
    return {(one.submission.name, one.submission.task): one.record for one in kept}


def _not_here(course: Course, book: Gradebook, task: str | None) -> list[Entry]:
    """Return the entries of people whose work is not here but on a learning platform."""
    return [
        entry
        for entry in book.entries
        if entry.status == NOT_GRADED
        and entry.final is None
        and not entry.excused
        and task in (None, entry.task)
        and entry.person.submission not in book.mismatch.meant
        and not course.folder_of(entry.person.submission, entry.task).is_dir()
    ]


def _not_graded(book: Gradebook, submissions: Sequence[Submission], not_here: Sequence[Entry]) -> int:
    """Return the number of requested submissions without a grade, through no fault of their own.

    Those that are `not_here` are counted by person, because it is unknown who handed in together.
    """
    places = {(one.name, one.task) for one in submissions}
    found = {
        (entry.person.submission, entry.task)
        for entry in book.entries
        if entry.status == NOT_GRADED and entry.final is None and not entry.excused
    }
    mistaken = {(name, task) for name, task in found if name in book.mismatch.meant}
    absent = {(entry.person.submission, entry.task) for entry in not_here}
    return len((found & places | mistaken) - absent) + len(not_here)


@contextmanager
def _one_at_a_time(course: Course) -> Iterator[None]:
    """Allow only one grading run at a time on a course."""
    course.private.mkdir(exist_ok=True)
    with ExitStack() as stack:
        try:
            stack.enter_context(exclusive_lock(course.private / "grade.lock", timeout=0))
        except TimeoutError:
            raise InfrastructureError(
                f"another `harness grade` is running on {course.root}: wait for it, or end it"
            ) from None
        yield


class _OneLine(logging.Formatter):
    """Writes each message on one line and without control characters, because messages may quote students."""

    def format(self, record: logging.LogRecord) -> str:
        return neutral_line(super().format(record))


@contextmanager
def _log(path: Path) -> Iterator[logging.Logger]:
    path.parent.mkdir(parents=True, exist_ok=True)
    log = logging.Logger("harness.grading", logging.INFO)
    handler = logging.FileHandler(path, encoding="utf-8")
    handler.setFormatter(_OneLine("%(asctime)s %(message)s"))
    log.addHandler(handler)
    try:
        yield log
    finally:
        handler.close()
