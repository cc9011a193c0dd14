"""The Python API: open a course, check, evaluate and grade submissions. The commands call it.

>>> import harness
>>> course = harness.open_course()
>>> course.evaluate("submissions/alice").passed
True
"""

from typing import TYPE_CHECKING

from harness.api._evaluation_run import Keep
from harness.api._follow import Follower
from harness.api._open_course import OpenCourse, open_course
from harness.api._records import Records
from harness.api._results import (
    CheckedSubmission,
    Checks,
    ComparedClaims,
    Evaluations,
    FeedbackFiles,
    FeedbackZip,
    GradingReport,
    LearningFinding,
    LoadedTasks,
    NotDone,
    PrivateTest,
)

if TYPE_CHECKING:
    from harness.api._grades import GradingRules as GradingRules
    from harness.api._grades import KeptGradebook as KeptGradebook
    from harness.api._make_task import NewTask as NewTask
    from harness.api._make_task import make_task as make_task
    from harness.site import SiteFiles as SiteFiles
else:

    def __getattr__(name):
        """Import what belongs to grading, new tasks and pages when it is asked for: an evaluation needs none of it."""
        if name in ("GradingRules", "KeptGradebook"):
            from harness.api import _grades

            return getattr(_grades, name)
        if name in ("NewTask", "make_task"):
            from harness.api import _make_task

            return getattr(_make_task, name)
        if name == "SiteFiles":
            from harness.site import SiteFiles

            return SiteFiles
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


__all__ = [
    "CheckedSubmission",
    "Checks",
    "ComparedClaims",
    "Evaluations",
    "FeedbackFiles",
    "FeedbackZip",
    "Follower",
    "GradingReport",
    "GradingRules",
    "Keep",
    "KeptGradebook",
    "LearningFinding",
    "LoadedTasks",
    "NewTask",
    "NotDone",
    "OpenCourse",
    "PrivateTest",
    "Records",
    "SiteFiles",
    "make_task",
    "open_course",
]
