"""Evaluate one (task, submission): plan, run in isolation, measure, give a record."""

from harness.evaluation._check import Check
from harness.evaluation._host import describe_git, package_versions
from harness.evaluation._observe import Observer, Silent
from harness.evaluation._plan import Device, Key, Plan, WeightsPolicy, assets_in_use, choose_mode, seeds_for
from harness.evaluation._run import Outcome, Told
from harness.evaluation._snapshot import Contents, read_contents, read_files
from harness.evaluation._submission import Evaluation, Evaluator, Settings
from harness.evaluation._try_task import missing_classes, try_task
from harness.timing import LATENCY_SECONDS

__all__ = [
    "LATENCY_SECONDS",
    "Check",
    "Contents",
    "Device",
    "Evaluation",
    "Evaluator",
    "Key",
    "Observer",
    "Outcome",
    "Plan",
    "Settings",
    "Silent",
    "Told",
    "WeightsPolicy",
    "assets_in_use",
    "choose_mode",
    "describe_git",
    "missing_classes",
    "package_versions",
    "read_contents",
    "read_files",
    "seeds_for",
    "try_task",
]
