"""Find the mistakes in a task's declaration, functions and data, before they affect a student.

`try_task` runs before every evaluation and raises an error; `check_task` checks more and reports all findings, for the
author of the task (``harness tasks check``).
"""

from harness.taskcheck._check_task import Outcome, TaskFinding, check_task
from harness.taskcheck._checked_metric import CheckedMetric
from harness.taskcheck._doubts import parts_alike
from harness.taskcheck._functions import try_task
from harness.taskcheck._perturb import checked_perturb
from harness.taskcheck._references import ReferenceScore, doubt_about_baseline, named_references

__all__ = [
    "CheckedMetric",
    "Outcome",
    "ReferenceScore",
    "TaskFinding",
    "check_task",
    "checked_perturb",
    "doubt_about_baseline",
    "named_references",
    "parts_alike",
    "try_task",
]
