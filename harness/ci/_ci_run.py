"""Evaluate the submissions that a change touches, and compare them with earlier results."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, closing
from dataclasses import dataclass
from pathlib import Path

import msgspec

from harness.ci._change import Change, Touched
from harness.ci._checkout import check_out
from harness.ci._ci_result import FileFinding, Former, Graded, Place, Points, Problem, Result
from harness.ci._find import Range, entries_of, folder_of
from harness.ci._learned import Teacher
from harness.ci._repository import Repository
from harness.contract import Task
from harness.course import SUBMISSIONS, Course, Submission
from harness.data import Places
from harness.errors import HarnessError
from harness.evaluation import Evaluator, Observer, Settings
from harness.gradebook import most_points, points_for
from harness.leaderboard import build
from harness.record import Record, Score, ScoredOn, Stores, Unreadable
from harness.sandbox import Sandbox
from harness.scratch import scratch
from harness.statistics import Interval, unpaired_p_value

Watch = Callable[[Touched], AbstractContextManager[Observer]]


@dataclass(frozen=True, kw_only=True)
class Grader:
    """The sandbox, data and settings for evaluating the submissions of a change."""

    sandbox: Sandbox
    places: Places
    settings: Settings
    kept: Path
    """The folder with the records of earlier runs, to which this run adds its own."""


def run_ci(repository: Repository, commits: Range, change: Change, grader: Grader, watch: Watch) -> Result:
    """Evaluate the submissions that `change` touches.

    If a submission cannot be evaluated, the others still are.
    """
    graded: list[Graded] = []
    problems: list[Problem] = []
    with scratch("ci") as folder:
        entries = entries_of(repository.files(commits.head, SUBMISSIONS), change)
        course = check_out(repository, commits.base, entries, folder)
        with closing(_SideGrader(course, grader, {_former_key(touched) for touched in change.touched})) as comparison:
            for touched in change.wanted:
                try:
                    with watch(touched) as observer:
                        graded.append(comparison.grade(touched, observer))
                except HarnessError as error:
                    problems.append(Problem(name=touched.name, task=touched.task, message=str(error)))
            unreadable = tuple(comparison.unreadable())
    return msgspec.structs.replace(
        without_grades(commits, change, grader.settings.score_on),
        findings=(*change.findings, *unreadable),
        isolation=str(grader.sandbox.isolation),
        graded=tuple(graded),
        problems=tuple(problems),
    )


def without_grades(commits: Range, change: Change, score_on: ScoredOn) -> Result:
    """Return the result for `change` without any evaluation."""
    return Result(
        base=commits.base,
        head=commits.head,
        score_on=score_on,
        isolation=None,
        refused=change.refused,
        findings=change.findings,
        graded=(),
        deleted=change.deleted,
        problems=(),
    )


class _SideGrader:
    """Grades submissions of a course made from two commits, given the records of the base and of earlier runs."""

    def __init__(self, course: Course, grader: Grader, gone: set[tuple[str, str]]) -> None:
        self._course, self._gone = course, gone
        self._published = Stores.of(course.leaderboard, course.private).records
        self._kept, self._root_of_kept = Stores.of(grader.kept, grader.kept), grader.kept.parent.parent
        self._teacher = Teacher(course, grader.places)
        self._evaluator = Evaluator(course, grader.sandbox, grader.places, grader.settings, self._kept)

    def close(self) -> None:
        """End the processes that all evaluations share."""
        self._evaluator.close()

    def grade(self, touched: Touched, observer: Observer) -> Graded:
        """Evaluate `touched`, unless there is a valid record of it already."""
        before = list(self._earlier(touched))
        submission = Submission(touched.name, touched.task, self._course.root / folder_of(touched))
        evaluation = self._evaluator.evaluate_if_changed(submission, observer)
        record = evaluation.record
        return Graded(
            record=record,
            reused=evaluation.how == "reused",
            renamed_from=touched.former,
            former=_former(record, before),
            place=self._place(record),
            points=_points(self._course.task(touched.task), record),
            teaching=self._teacher.teach(
                self._course.task(touched.task), record, self._kept.evidence.read(touched.task, touched.name)
            ),
        )

    def unreadable(self) -> Iterator[FileFinding]:
        """Yield a finding for each record that cannot be read and is therefore ignored."""
        for store, root in ((self._published, self._course.root), (self._kept.records, self._root_of_kept)):
            for found in store.all():
                if isinstance(found, Unreadable):
                    path = found.path.relative_to(root).as_posix()
                    message = f"this record cannot be read ({found.reason}): restore or remove it"
                    yield FileFinding(severity="warning", path=path, line=None, message=message)

    def _earlier(self, touched: Touched) -> Iterable[Record]:
        """Yield the earlier records of this submission, under its present and its former name."""
        for name in filter(None, (touched.name, touched.former)):
            for store in (self._kept.records, self._published):
                found = store.read(touched.task, name)
                if isinstance(found, Record):
                    yield found

    def _place(self, record: Record) -> Place | None:
        """Return the ranks that `record` may have among comparable records; kept records replace published ones."""
        newest: dict[tuple[str, ...], Record] = {}
        for found in (*self._published.all(), *self._kept.records.all()):
            if isinstance(found, Record) and (found.submission.name, found.task.name) not in self._gone:
                newest[found.submission.name, *_data_of(found)] = found
        group = build(newest.values(), self._kept.evidence).group_of(record)
        row = None if group is None else group.row_of(record.submission.name)
        if row is None or row.rank is None:
            return None
        return Place(low=row.rank.low, high=row.rank.high, of=row.rank.of)


def _former_key(touched: Touched) -> tuple[str, str]:
    """Return the name and task of a submission that was deleted or renamed."""
    return (touched.name if touched.how == "deleted" else touched.former or "", touched.task)


def _data_of(record: Record) -> tuple[str, ...]:
    """Return the values that must be equal in two records for them to be comparable."""
    return (record.task.name, record.task.data_digest, record.task.scored_on, record.submission.mode)


def _former(record: Record, before: Iterable[Record]) -> Former | None:
    """Return the newest earlier result that is comparable with `record`."""
    score = record.primary
    for earlier in before:
        past = earlier.primary
        same = _data_of(earlier) == _data_of(record) and earlier.run.id != record.run.id
        if same and score is not None and past is not None and past.name == score.name:
            return Former(started=earlier.run.started, score=past, p_value=_p_value(score, past))
    return None


def _p_value(one: Score, two: Score) -> float:
    return unpaired_p_value((one.value, Interval(one.low, one.high)), (two.value, Interval(two.low, two.high)))


def _points(task: Task, record: Record) -> Points | None:
    value = None if record.primary is None or record.status == "failed" else record.primary.value
    earned, most = points_for(task, value), most_points(task)
    return None if earned is None or most is None else Points(earned=earned, most=most)
