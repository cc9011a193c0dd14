"""Try a task's own functions before any model is trained: their mistakes must not be met in a student's evaluation."""

from __future__ import annotations

from typing import Any

import numpy as np

from harness.contract import Metric, Predictions, Task, metrics
from harness.data import TaskData
from harness.evaluate._figures import Figures
from harness.evaluate._jitter import jitter_of
from harness.evaluate._plan import seed_for
from harness.statistics import bootstrap

_JITTERED = 16
_RESAMPLES = 20
_PROVEN = {id(metric) for metric in vars(metrics).values() if isinstance(metric, Metric)}


def try_task(task: Task, data: TaskData, resamples: int = _RESAMPLES) -> None:
    """Alter some inputs, and compute each metric that the task brings itself on answers that are all right.

    Raises:
        TaskError: `perturb` or a metric does not do what it must.
    """
    jitter, inputs = jitter_of(task), data.scored.inputs
    if jitter is not None:
        generator = np.random.Generator(np.random.PCG64(0))
        for item in np.unique(np.linspace(0, len(inputs) - 1, _JITTERED).astype(np.intp)):
            jitter(inputs[int(item)], generator)
    targets = data.scored.targets
    for metric in task.metrics:
        if id(metric) not in _PROVEN:
            figures = Figures(task=task.name, metric=metric, targets=targets, predictions=_all_right(task, targets))
            figures.value()
            bootstrap(figures.resampled(), len(targets), seed_for(0, f"{task.name}/bootstrap", 0), resamples)


def _all_right(task: Task, targets: Any) -> Predictions:
    """Return the answers of a perfect model."""
    match task.kind:
        case "classification":
            return Predictions(targets, np.eye(len(task.classes))[targets])
        case "detection":
            return Predictions([np.insert(boxes, 4, 1.0, axis=1) for boxes in targets])
        case "segmentation":
            return Predictions(np.asarray(targets, np.int64))
    return Predictions(np.asarray(targets, np.float64))


def missing_classes(task: Task, data: TaskData) -> list[str]:
    """Return, part by part, the classes that no item is of: a score there says nothing about them."""
    if task.kind != "classification":
        return []
    parts = {"train": data.train, "validation": data.validation, "test": data.test}
    problems = []
    for name, split in parts.items():
        if split is not None:
            counts = np.bincount(split.targets, minlength=len(task.classes))
            names = ", ".join(repr(task.classes[label]) for label in np.flatnonzero(counts == 0))
            problems += [f"the {name} part has no item of class {names}; expected some of each class"] if names else []
    return problems
