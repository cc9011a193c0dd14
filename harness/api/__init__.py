"""The Python API: open a course, check, evaluate and grade submissions. The commands call it.

>>> import harness
>>> course = harness.open_course()
>>> course.evaluate("submissions/alice").passed
True
"""

from harness.api._evaluation_run import Keep
from harness.api._follow import Follower
from harness.api._grades import GradingRules, KeptGradebook
from harness.api._open_course import OpenCourse, open_course
from harness.api._records import Records
from harness.api._results import CheckedSubmission, Checks, ComparedClaims, Evaluations, GradingReport, NotDone

__all__ = [
    "CheckedSubmission",
    "Checks",
    "ComparedClaims",
    "Evaluations",
    "Follower",
    "GradingReport",
    "GradingRules",
    "Keep",
    "KeptGradebook",
    "NotDone",
    "OpenCourse",
    "Records",
    "open_course",
]
