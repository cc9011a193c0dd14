"""The classes for authors: students write a `Model`, and instructors declare a `Task`."""

from harness.contract import rules
from harness.contract._check_name import check_name
from harness.contract._checked_kind import CheckedKind
from harness.contract._limits import WALL_CLOCK_FACTOR, Limits
from harness.contract._metric import Metric, Predictions
from harness.contract._model import Model, Reporter, TaskInfo
from harness.contract._problems import shown
from harness.contract._sources import Baseline, Canonical, Counts, Embedded, File, Local, Source
from harness.contract._split import Parts, Split, take_items
from harness.contract._task import Inputs, Task, interval_of
from harness.contract._whereabouts import raised_at, written_at
from harness.contract.rules import Rule

__all__ = [
    "WALL_CLOCK_FACTOR",
    "Baseline",
    "Canonical",
    "CheckedKind",
    "Counts",
    "Embedded",
    "File",
    "Inputs",
    "Limits",
    "Local",
    "Metric",
    "Model",
    "Parts",
    "Predictions",
    "Reporter",
    "Rule",
    "Source",
    "Split",
    "Task",
    "TaskInfo",
    "check_name",
    "interval_of",
    "raised_at",
    "rules",
    "shown",
    "take_items",
    "written_at",
]
