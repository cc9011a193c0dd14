"""Try a task's own functions before any model is trained: their mistakes must not be met in a student's evaluation."""

from __future__ import annotations

import numpy as np

from harness import metrics
from harness.contract import Metric, Predictions, Task
from harness.data import TaskData
from harness.evaluation._figures import Figures
from harness.evaluation._jitter import jitter_of
from harness.evaluation._seeds import seed_for
from harness.kinds import KINDS
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
    right = Predictions(*KINDS[task.kind].all_right(task, targets))
    for metric in task.metrics:
        if id(metric) not in _PROVEN:
            figures = Figures(task=task.name, metric=metric, targets=targets, predictions=right)
            figures.value()
            bootstrap(figures.resampled(), len(targets), seed_for(0, f"{task.name}/bootstrap", 0), resamples)


def missing_classes(task: Task, data: TaskData) -> list[str]:
    """Return, part by part, the classes that no item is of: a score there says nothing about them."""
    parts = {"train": data.train, "validation": data.validation, "test": data.test}
    problems = []
    for name, split in parts.items():
        counts = None if split is None else KINDS[task.kind].class_counts(task, split.targets)
        names = ", ".join(repr(one) for one, count in zip(task.classes, counts or (), strict=False) if not count)
        problems += [f"the {name} part has no item of class {names}; expected some of each class"] if names else []
    return problems
