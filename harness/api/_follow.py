"""The interface through which long calls report their progress."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

from harness.contract import Canonical, File, Task
from harness.course import Submission
from harness.data import Bars, no_bars
from harness.evaluation import Check, Evaluation, Observer, SilentObserver, TaskInUse
from harness.leaderboard import Board
from harness.sandbox import Isolation

if TYPE_CHECKING:  # an evaluation does not need these
    from harness.ci import Change
    from harness.grading import Event, Work
    from harness.learning import Learning


class Follower:
    """Follows the progress of a call of `OpenCourse`.

    Every method does nothing by default; override those that you need. The command line uses subclasses of it.

    Examples
    --------
    >>> class Printing(Follower):
    ...     def evaluating(self, submission):
    ...         print("now", submission)
    ...         return super().evaluating(submission)
    """

    def notice(self, text: str) -> None:
        """Receive a notice for the person who runs the call; the same notice may come several times."""

    def left_out(self, text: str) -> None:
        """Receive which part of a submission or a course is left out, and why."""

    def warned(self, text: str) -> None:
        """Receive a warning about the class, before or after grading."""

    def isolated(self, isolation: Isolation) -> None:
        """Receive the isolation that is used."""

    def loading(self, task: str) -> AbstractContextManager[object]:  # noqa: ARG002 - for overriding methods
        """Return a context manager that is active while a task's data is loaded."""
        return nullcontext()

    def loaded(self, used: TaskInUse) -> None:
        """Receive facts about the data of a task, once for each task."""

    def evaluating(self, submission: Submission) -> AbstractContextManager[Observer]:  # noqa: ARG002 - likewise
        """Return a context manager that is active during an evaluation and yields an observer of its phases."""
        return nullcontext(SilentObserver())

    def evaluated(self, evaluation: Evaluation, board: Board | None) -> None:
        """Receive the record of a submission; `board` is the leaderboard with it, or None if nothing is stored."""

    def checking(self, submission: Submission) -> None:
        """Receive the submission that is checked next."""

    def trying(self, submission: Submission, name: str, limit: str) -> AbstractContextManager[object]:  # noqa: ARG002
        """Return a context manager that is active during one check; `limit` says what stops it, '' for nothing."""
        return nullcontext()

    def checked(self, submission: Submission, check: Check) -> None:
        """Receive the outcome of one check."""

    def testing(self, submission: Submission, why: str) -> None:
        """Receive the submission that the audit of learning tests next, and why it was chosen."""

    def tested(self, submission: Submission, found: Learning) -> None:
        """Receive the findings of the audit of learning for a submission."""

    def comparing(self, total: int) -> AbstractContextManager[Callable[[], None]]:  # noqa: ARG002 - likewise
        """Return a context manager that is active while `total` pairs are compared; call what it yields for each."""
        return nullcontext(lambda: None)

    def not_done(self, submission: Submission, error: Exception) -> None:
        """Receive why a submission could not be evaluated or checked, through no fault of its own."""

    def changed(self, change: Change) -> None:
        """Receive the files and submissions that a change in git touches, before anything is evaluated."""

    def downloading(self, task: Task, item: Canonical | File) -> AbstractContextManager[Bars]:  # noqa: ARG002 - likewise
        """Return a context manager that is active during a download and yields a function that makes progress bars."""
        return nullcontext(no_bars)

    def downloaded(self, item: Canonical | File, path: Path) -> None:
        """Receive the folder of a source's official files, or the file of an asset, once it is in the cache."""

    def planned(self, work: Work) -> None:
        """Receive the plan of a grading run before anything is done."""

    def grading(self, total: int) -> AbstractContextManager[Callable[[Event], None]]:  # noqa: ARG002 - likewise
        """Return a context manager that is active while `total` jobs run and yields a function for their events."""
        return nullcontext(lambda _: None)
