"""What a long call tells whoever follows it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext

from harness.course import Submission
from harness.evaluation import Check, Evaluation, Observer, Silent, TaskInUse
from harness.grading import Event, Work
from harness.leaderboard import Board
from harness.learning import Learning
from harness.sandbox import Isolation


class Follower:
    """Follows a call of `OpenCourse` while it runs.

    Every method does nothing; override those whose news you want. The command line is one such class.

    Examples
    --------
    >>> class Printing(Follower):
    ...     def evaluating(self, submission):
    ...         print("now", submission)
    ...         return super().evaluating(submission)
    """

    def notice(self, text: str) -> None:
        """Take something that the person at the keyboard should know; it may come several times."""

    def left_out(self, text: str) -> None:
        """Take what of a submission or a course is left out, and why."""

    def warned(self, text: str) -> None:
        """Take something about the class that looks wrong, before and after grading."""

    def isolated(self, isolation: Isolation) -> None:
        """Take the level of isolation that was found."""

    def loading(self, task: str) -> AbstractContextManager[object]:  # noqa: ARG002 - for those who override it
        """Return a context that is held while a task's data is loaded."""
        return nullcontext()

    def loaded(self, used: TaskInUse) -> None:
        """Take which data a task is evaluated on, once for each task."""

    def evaluating(self, submission: Submission) -> AbstractContextManager[Observer]:  # noqa: ARG002 - likewise
        """Return a context that is held while a submission is evaluated, and gives what follows its phases."""
        return nullcontext(Silent())

    def evaluated(self, evaluation: Evaluation, board: Board | None) -> None:
        """Take the record of a submission; `board` is the leaderboard with it, None where nothing is stored."""

    def checking(self, submission: Submission) -> None:
        """Take which submission is checked next."""

    def checked(self, submission: Submission, check: Check) -> None:
        """Take how one point of the contract went."""

    def asking(self, submission: Submission, why: str) -> None:
        """Take which submission is asked next whether it learned here, and why it is."""

    def asked(self, submission: Submission, found: Learning) -> None:
        """Take what was found."""

    def not_done(self, submission: Submission, error: Exception) -> None:
        """Take why a submission could not be evaluated or checked, through no fault of its own."""

    def planned(self, work: Work) -> None:
        """Take what a grading run will do and why, before it does anything."""

    def grading(self, total: int) -> AbstractContextManager[Callable[[Event], None]]:  # noqa: ARG002 - likewise
        """Return a context that is held while `total` jobs are done, and gives what takes each event."""
        return nullcontext(lambda _: None)
