"""Grade deep-learning course work: train in isolation, measure honestly, rank fairly.

People write against the names below; everything else is the program. A notebook calls `load_data`, `check` and
`evaluate`, which run the program as a process of its own.
"""

import harness._start  # noqa: F401, I001 - before anything else is looked for

from typing import TYPE_CHECKING

from harness import errors, metrics
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
    rules,
)

if TYPE_CHECKING:
    from harness.interactive import check as check
    from harness.interactive import load_data as load_data
else:

    def __getattr__(name):
        """Import what a notebook calls when it is called: workers and the program need none of it."""
        if name in ("check", "evaluate", "load_data"):
            from harness import interactive

            return getattr(interactive, name)
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


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
    "errors",
    "metrics",
    "rules",
]
