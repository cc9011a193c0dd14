"""Grade deep-learning course work: train in isolation, measure honestly, rank fairly.

People write against the names below; everything else is the program.
"""

import harness._start  # noqa: F401 - before anything else is looked for
from harness._version import __version__
from harness.contract import (
    Baseline,
    Canonical,
    Counts,
    Embedded,
    File,
    Inputs,
    Limits,
    Local,
    Metric,
    Model,
    Parts,
    Predictions,
    Rule,
    Split,
    Task,
    TaskInfo,
    metrics,
    rules,
)

__all__ = [
    "Baseline",
    "Canonical",
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
    "Rule",
    "Split",
    "Task",
    "TaskInfo",
    "__version__",
    "metrics",
    "rules",
]
