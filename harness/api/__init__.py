"""The Python API: open a course, check, evaluate and grade submissions. The commands call it.

>>> import harness
>>> course = harness.open_course()
>>> course.evaluate("submissions/alice").passed
True
"""

from importlib import import_module
from typing import TYPE_CHECKING

from harness.api._evaluation_run import Keep
from harness.api._follow import Follower
from harness.api._open_course import OpenCourse, open_course
from harness.api._options import (
    FillingOptions,
    JobOptions,
    KeptResults,
    RuleFiles,
    RunOptions,
    Selection,
    TrainingOptions,
)
from harness.api._records import Records
from harness.api._results import (
    CheckedSubmission,
    Checks,
    ComparedClaims,
    DataDescription,
    DescribedPart,
    Evaluations,
    FeedbackFiles,
    FeedbackZip,
    FinalBoard,
    GradingPlan,
    GradingReport,
    LearningFinding,
    LoadedTasks,
    NotDone,
    PrivateTest,
)

if TYPE_CHECKING:
    from harness.api._available_tasks import AvailableTask as AvailableTask
    from harness.api._available_tasks import AvailableTasks as AvailableTasks
    from harness.api._available_tasks import available_tasks as available_tasks
    from harness.api._canvas_upload_run import CanvasUpload as CanvasUpload
    from harness.api._course_audits import CourseAudits as CourseAudits
    from harness.api._course_changes import CourseChanges as CourseChanges
    from harness.api._course_data import CourseDatasets as CourseDatasets
    from harness.api._course_grades import CourseGrades as CourseGrades
    from harness.api._course_pages import CoursePages as CoursePages
    from harness.api._course_platforms import AutogradingFiles as AutogradingFiles
    from harness.api._course_platforms import CoursePlatforms as CoursePlatforms
    from harness.api._course_platforms import GradescopeBundle as GradescopeBundle
    from harness.api._grade_exports import ExportedGrades as ExportedGrades
    from harness.api._grades import GradingRules as GradingRules
    from harness.api._grades import KeptGradebook as KeptGradebook
    from harness.api._make_task import NewTask as NewTask
    from harness.api._make_task import make_task as make_task
    from harness.api._similarity_run import SimilarCode as SimilarCode
    from harness.site import SiteFiles as SiteFiles
else:
    _ON_DEMAND = {
        "AutogradingFiles": "harness.api._course_platforms",
        "AvailableTask": "harness.api._available_tasks",
        "AvailableTasks": "harness.api._available_tasks",
        "CanvasUpload": "harness.api._canvas_upload_run",
        "CourseAudits": "harness.api._course_audits",
        "CourseChanges": "harness.api._course_changes",
        "CourseDatasets": "harness.api._course_data",
        "CourseGrades": "harness.api._course_grades",
        "CoursePages": "harness.api._course_pages",
        "CoursePlatforms": "harness.api._course_platforms",
        "ExportedGrades": "harness.api._grade_exports",
        "GradescopeBundle": "harness.api._course_platforms",
        "GradingRules": "harness.api._grades",
        "KeptGradebook": "harness.api._grades",
        "NewTask": "harness.api._make_task",
        "SimilarCode": "harness.api._similarity_run",
        "SiteFiles": "harness.site",
        "available_tasks": "harness.api._available_tasks",
        "make_task": "harness.api._make_task",
    }

    def __getattr__(name):
        """Import modules for grading, new tasks and pages on demand, because an evaluation does not need them."""
        if name in _ON_DEMAND:
            return getattr(import_module(_ON_DEMAND[name]), name)
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


__all__ = [
    "AutogradingFiles",
    "AvailableTask",
    "AvailableTasks",
    "CanvasUpload",
    "CheckedSubmission",
    "Checks",
    "ComparedClaims",
    "CourseAudits",
    "CourseChanges",
    "CourseDatasets",
    "CourseGrades",
    "CoursePages",
    "CoursePlatforms",
    "DataDescription",
    "DescribedPart",
    "Evaluations",
    "ExportedGrades",
    "FeedbackFiles",
    "FeedbackZip",
    "FillingOptions",
    "FinalBoard",
    "Follower",
    "GradescopeBundle",
    "GradingPlan",
    "GradingReport",
    "GradingRules",
    "JobOptions",
    "Keep",
    "KeptGradebook",
    "KeptResults",
    "LearningFinding",
    "LoadedTasks",
    "NewTask",
    "NotDone",
    "OpenCourse",
    "PrivateTest",
    "Records",
    "RuleFiles",
    "RunOptions",
    "Selection",
    "SimilarCode",
    "SiteFiles",
    "TrainingOptions",
    "available_tasks",
    "make_task",
    "open_course",
]
