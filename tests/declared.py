"""Tasks declared for tests, and the facts about them that workers get."""

from __future__ import annotations

from typing import Any

import numpy as np

import harness
from harness import Limits, TaskInfo

POINTS = harness.Split(np.zeros((4, 2), np.float32), np.array([0, 1, 0, 1]))


def source(
    *, baseline: float = 0.5, part: harness.Split = POINTS, parts: harness.Parts | None = None
) -> harness.Embedded:
    """Return a source of these `parts`, or one whose three parts are all `part`."""
    made = parts or harness.Parts(part, part, part)
    return harness.Embedded(title="t", licence="l", baseline=harness.Baseline(baseline), load=lambda: made)


def task(name: str | None = None, **declared: Any) -> harness.Task:
    """Return a task: two classes of points in the plane, judged by accuracy, where nothing else is `declared`."""
    usual = {
        "title": "t",
        "kind": "classification",
        "inputs": harness.Inputs(shape=(2,)),
        "classes": ("a", "b"),
        "sources": (source(),),
        "split": "s",
        "metrics": (harness.metrics.accuracy,),
    }
    made = harness.Task(**(usual | declared))
    return made if name is None else made.named(name)


def info(**told: Any) -> TaskInfo:
    """Return what a worker is told of such a task."""
    usual = {
        "name": "tiny",
        "kind": "classification",
        "input_shape": (2,),
        "input_dtype": "float32",
        "classes": ("a", "b"),
        "n_train": 2,
        "n_validation": 2,
        "limits": Limits(),
    }
    return TaskInfo(**(usual | told))
