"""Evaluate and check submissions one after another; if one cannot be evaluated, the others still are."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from typing import Literal

from harness.api._board import BuiltBoard, rebuild_board
from harness.api._follow import Follower
from harness.api._results import CheckedSubmission, Checks, Evaluations, NotDone
from harness.course import Course, Submission, repositories_in
from harness.errors import HarnessError, UsageError
from harness.evaluation import Check, Evaluation, Evaluator, Observer
from harness.leaderboard import Board
from harness.text import neutral_line

Keep = Literal["reuse", "force", "no_store"]
"""Keep the records of unchanged submissions, evaluate everything again, or evaluate without storing anything."""


@dataclass(frozen=True, kw_only=True)
class EvaluationRun:
    """Evaluates submissions of one course under the same settings."""

    course: Course
    evaluator: Evaluator
    keep: Keep
    follower: Follower

    def all(self, submissions: Iterable[Submission]) -> Evaluations:
        """Evaluate `submissions`, and write the leaderboard once at the end, even if the caller is interrupted."""
        done: list[Evaluation] = []
        not_done: list[NotDone] = []
        boards = _Boards(self.course)
        introduced: set[str] = set()
        try:
            for submission in submissions:
                try:
                    if submission.task not in introduced:
                        self._introduce(submission.task)
                        introduced.add(submission.task)
                    evaluation = self._one(submission)
                except UsageError:
                    raise
                except (HarnessError, OSError) as error:
                    not_done.append(NotDone(submission, error))
                    self.follower.not_done(submission, error)
                    continue
                done.append(evaluation)
                board = None if self.keep == "no_store" else boards.with_record(evaluation)
                self.follower.evaluated(evaluation, board)
        finally:
            boards.write()
        return Evaluations(tuple(done), tuple(not_done))

    def _introduce(self, task: str) -> None:
        """Report the source of a task's data before it is used."""
        with self.follower.loading(task):
            used = self.evaluator.tasks.task(task)
        self.follower.loaded(used)

    def _one(self, submission: Submission) -> Evaluation:
        ways: dict[Keep, Callable[[Submission, Observer], Evaluation]] = {
            "reuse": self.evaluator.evaluate_if_changed,
            "force": self.evaluator.evaluate_and_store,
            "no_store": self.evaluator.evaluate,
        }
        with self.follower.evaluating(submission) as observer:
            return ways[self.keep](submission, observer)


class _Boards:
    """The leaderboard while records are added to it."""

    def __init__(self, course: Course) -> None:
        self._course = course
        self._built: BuiltBoard | None = None

    def with_record(self, evaluation: Evaluation) -> Board:
        """Return the leaderboard with the record of `evaluation`, which is already stored."""
        if self._built is None or evaluation.how == "evaluated":
            self._built = BuiltBoard.of(self._course)
        return self._built.board

    def write(self) -> None:
        """Write the leaderboard if it was shown; it is built again if other processes have added records since."""
        if self._built is not None:
            rebuild_board(self._course, self._built)


def check_all(evaluator: Evaluator, submissions: Iterable[Submission], follower: Follower) -> Checks:
    """Try `submissions` against the contract."""
    done: list[CheckedSubmission] = []
    not_done: list[NotDone] = []
    for submission in submissions:
        follower.checking(submission)
        checks: list[Check] = []
        try:
            for check in evaluator.check(submission, partial(follower.trying, submission)):
                checks.append(check)
                follower.checked(submission, check)
        except (HarnessError, OSError) as error:
            not_done.append(NotDone(submission, error))
            follower.not_done(submission, error)
        else:
            done.append(CheckedSubmission(submission, tuple(checks)))
    return Checks(tuple(done), tuple(not_done))


def report_repositories(course: Course, submissions: Iterable[Submission], follower: Follower) -> None:
    """Report the git repositories inside submissions, which are left out."""
    for folder in dict.fromkeys(submission.folder.parent for submission in submissions):
        for path in repositories_in(folder):
            name = neutral_line(str(path.relative_to(course.root)))
            follower.left_out(f"{name}, a git repository: what is in it is neither read nor graded")
