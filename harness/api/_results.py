"""The results that methods of `OpenCourse` return."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from harness.contract import Split, Task
from harness.course import Submission
from harness.errors import HarnessError
from harness.evaluation import Check, Evaluation
from harness.record import Claims, Record

if TYPE_CHECKING:  # an evaluation does not need these
    from harness.api._grades import KeptGradebook
    from harness.gradebook import Gradebook
    from harness.grading import JobLost, Obstacle, ResultSummary, Work
    from harness.learning import Learning


@dataclass(frozen=True)
class NotDone:
    """A submission that could not be evaluated or checked, through no fault of its own."""

    submission: Submission
    error: Exception


@dataclass(frozen=True)
class Evaluations:
    """The result of `OpenCourse.evaluate`.

    Attributes
    ----------
    done : tuple of Evaluation
        The submissions that have a record now. A failed submission has a record, too.
    not_done : tuple of NotDone
        The submissions that could not be evaluated, and why.
    """

    done: tuple[Evaluation, ...]
    not_done: tuple[NotDone, ...] = ()

    @property
    def records(self) -> list[Record]:
        """The newest record of each submission that was evaluated."""
        return [one.record for one in self.done]

    @property
    def passed(self) -> bool:
        """Whether every submission was evaluated and passed, as far as that may be published before the final board."""
        return not self.not_done and all(record.status in ("passed", "withheld") for record in self.records)


@dataclass(frozen=True)
class CheckedSubmission:
    """The outcomes of all checks of one submission."""

    submission: Submission
    checks: tuple[Check, ...]

    @property
    def passed(self) -> bool:
        """Whether no check failed."""
        return all(check.outcome != "failed" for check in self.checks)


@dataclass(frozen=True)
class Checks:
    """The result of `OpenCourse.check`.

    Attributes
    ----------
    done : tuple of CheckedSubmission
        The submissions that were checked.
    not_done : tuple of NotDone
        The submissions that could not be checked, and why.
    """

    done: tuple[CheckedSubmission, ...]
    not_done: tuple[NotDone, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether every submission was checked and no check failed."""
        return not self.not_done and all(one.passed for one in self.done)


@dataclass(frozen=True)
class LoadedTasks:
    """The result of `OpenCourse.load_tasks`.

    Attributes
    ----------
    tasks : tuple of Task
        The tasks that load.
    errors : tuple of HarnessError
        Why the others do not load.
    """

    tasks: tuple[Task, ...]
    errors: tuple[HarnessError, ...]


@dataclass(frozen=True)
class FinalBoard:
    """The result of `OpenCourse.publish_withheld`.

    Attributes
    ----------
    published : tuple of Record
        The full records, which have replaced the public ones.
    missing : tuple of Record
        The public records without a full record on this machine.
    """

    published: tuple[Record, ...]
    missing: tuple[Record, ...]


@dataclass(frozen=True)
class DescribedPart:
    """The size of one part of a task's data.

    Attributes
    ----------
    name : str
        ``train``, ``validation`` or ``test``.
    items : int
        The number of items.
    classes : dict of str to int
        The number of items of each class; empty if items do not have one class each.
    """

    name: str
    items: int
    classes: dict[str, int]


@dataclass(frozen=True, kw_only=True)
class DataDescription:
    """The result of `OpenCourse.datasets.describe`.

    Attributes
    ----------
    source : str
        The kind of source that was used.
    scored_on : str
        The part that is scored on this machine: ``test`` or ``validation``.
    parts : tuple of DescribedPart
        The parts that are on this machine.
    train : Split
        The train part, as the task divides its data.
    """

    source: str
    scored_on: str
    parts: tuple[DescribedPart, ...]
    train: Split


@dataclass(frozen=True)
class PrivateTest:
    """The result of `CourseDatasets.write_private_test`.

    Attributes
    ----------
    path : pathlib.Path
        The written file.
    items : int
        The number of test items in it.
    source : str
        The kind of source from which the items come.
    """

    path: Path
    items: int
    source: str


@dataclass(frozen=True, kw_only=True)
class FeedbackZip:
    """A zip of feedback for one learning platform, and the people who are not in it."""

    path: Path
    size: int
    """The size in bytes."""
    left_out: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class FeedbackFiles:
    """The result of `CourseGrades.write_feedback`.

    Attributes
    ----------
    folder : pathlib.Path
        The folder with a page and a short text for each person.
    people : int
        The number of people.
    zips : tuple of FeedbackZip
        The same pages in zip files that learning platforms accept.
    marking : pathlib.Path
        The first page for the people who mark; it is not for students.
    """

    folder: Path
    people: int
    zips: tuple[FeedbackZip, ...]
    marking: Path


@dataclass(frozen=True)
class ComparedClaims:
    """The score that a submission claims, and those of its shipped weights and of a model trained here."""

    submission: Submission
    claims: Claims


@dataclass(frozen=True)
class LearningFinding:
    """The finding of the audit of learning about one submission.

    Attributes
    ----------
    submission : Submission
        The submission that was tested.
    why : str
        Why it was chosen.
    learning : harness.learning.Learning
        The outcome of each trial.
    how : str
        ``tested``, or ``kept`` if nothing has changed since it was tested.
    """

    submission: Submission
    why: str
    learning: Learning
    how: Literal["tested", "kept"]


@dataclass(frozen=True, kw_only=True)
class GradingPlan:
    """The result of `OpenCourse.plan_grading`.

    Attributes
    ----------
    work : Work
        The jobs, the records that are still valid, and the tasks or submissions that cannot be graded.
    left_out : tuple of Obstacle
        Folders that hold no submission that can be graded, and why.
    """

    work: Work
    left_out: tuple[Obstacle, ...]


@dataclass(frozen=True, kw_only=True)
class GradingReport(GradingPlan):
    """The result of `OpenCourse.grade`.

    Attributes
    ----------
    work, left_out
        The plan, as in `GradingPlan`.
    summaries : tuple of ResultSummary
        A summary of every submission's result.
    lost : tuple of JobLost
        Jobs without a result, through no fault of the submission.
    claims : tuple of ComparedClaims
        The claims of submissions, if the task declares ``claims=True``.
    gradebook : Gradebook
        Everybody's grades.
    kept : KeptGradebook
        The file of the gradebook, and the grades that changed.
    learning : tuple of LearningFinding
        The findings of the audit of learning, for the instructor. No grade depends on them.
    not_graded : int
        The number of requested submissions without a grade, through no fault of their own.
    """

    summaries: tuple[ResultSummary, ...]
    lost: tuple[JobLost, ...]
    claims: tuple[ComparedClaims, ...]
    gradebook: Gradebook
    kept: KeptGradebook
    learning: tuple[LearningFinding, ...]
    not_graded: int

    @property
    def failed_by_task(self) -> int:
        """The number of jobs without a result because of a mistake in their task."""
        return sum(event.cause == "task" for event in self.lost)

    @property
    def failed_by_infrastructure(self) -> int:
        """The number of jobs without a result because the infrastructure failed."""
        return len(self.work.jobs) + len(self.work.kept) - len(self.summaries) - self.failed_by_task

    @property
    def complete(self) -> bool:
        """Whether all requested submissions have been graded, whatever the grades."""
        missing = self.failed_by_infrastructure or self.failed_by_task or self.not_graded
        return not (missing or self.work.obstacles or self.left_out)
