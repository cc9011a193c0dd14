"""Grade deep-learning course work: train in isolation, measure honestly, rank fairly.

Submissions and tasks use the classes below. A notebook calls `load_data`, `check` and `evaluate`, which run the harness
in a separate process. A script calls `open_course`, which returns an object that does what the commands do.
"""

import harness._start  # noqa: F401, I001 - before anything else is imported

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
    from harness.api import OpenCourse as OpenCourse
    from harness.api import open_course as open_course
    from harness.interactive import check as check
    from harness.interactive import evaluate as evaluate
    from harness.interactive import load_data as load_data
else:

    def __getattr__(name):
        """Import the functions for notebooks and scripts when they are used, because workers do not need them."""
        if name in ("OpenCourse", "open_course"):
            from harness import api

            return getattr(api, name)
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
