"""Evaluate one submission for one task: identify, plan, run in isolation, score, audit and record, each step once."""

from harness.evaluation._calibrate import calibrate
from harness.evaluation._compare_claims import lacks_comparison, wants_claims, with_claimed
from harness.evaluation._contract_suite import Check
from harness.evaluation._evaluation_result import EvaluationResult, Remarks
from harness.evaluation._evaluator import Evaluation, Evaluator
from harness.evaluation._host import describe_git, package_versions
from harness.evaluation._identity import Changed, Identity, identify
from harness.evaluation._observe import Observer, SilentObserver
from harness.evaluation._refit import Refitter
from harness.evaluation._roles import role_of
from harness.evaluation._settings import ClaimsPolicy, Device, Settings, WeightsPolicy
from harness.evaluation._snapshot import Contents, read_contents, read_files
from harness.evaluation._tasks_in_use import TaskInUse, TasksInUse

__all__ = [
    "Changed",
    "Check",
    "ClaimsPolicy",
    "Contents",
    "Device",
    "Evaluation",
    "EvaluationResult",
    "Evaluator",
    "Identity",
    "Observer",
    "Refitter",
    "Remarks",
    "Settings",
    "SilentObserver",
    "TaskInUse",
    "TasksInUse",
    "WeightsPolicy",
    "calibrate",
    "describe_git",
    "identify",
    "lacks_comparison",
    "package_versions",
    "read_contents",
    "read_files",
    "role_of",
    "wants_claims",
    "with_claimed",
]
