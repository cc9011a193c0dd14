"""Try a task's own functions before any model is trained: their mistakes must not be met in a student's evaluation."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from harness import metrics
from harness.contract import Metric, Predictions, Task, written_at
from harness.data import TaskData
from harness.errors import TaskError
from harness.kinds import KINDS
from harness.statistics import bootstrap
from harness.taskcheck._checked_metric import CheckedMetric
from harness.taskcheck._perturb import checked_perturb

_ALTERED = 32
_CLOSER = 0.65
"""The least share of comparisons in which an altered input is nearer to its own original than to another input.

It is a half where the two have nothing to do with each other, and 1 for the jitter of every task of the course.
"""
_ENOUGH = 200
_CONSTANTS = 8
_RESAMPLES = 20
_PROVEN = {id(metric) for metric in vars(metrics).values() if isinstance(metric, Metric)}


def try_task(task: Task, data: TaskData, resamples: int = _RESAMPLES) -> None:
    """Alter some inputs, and compute each metric that the task brings itself on answers that can be given.

    Raises:
        TaskError: `perturb` or a metric does not do what it must.
    """
    _try_perturb(task, data.scored.inputs)
    for metric in task.metrics:
        if id(metric) not in _PROVEN:
            _try_metric(task, metric, data.scored.targets, resamples)


def _try_perturb(task: Task, inputs: Any) -> None:
    """Alter some inputs; each must stay an input of its form, and closer to what it was than to other inputs."""
    perturb = checked_perturb(task)
    if perturb is None:
        return
    generator = np.random.Generator(np.random.PCG64(0))
    items = np.unique(np.linspace(0, len(inputs) - 1, _ALTERED).astype(np.intp))
    altered = np.stack([perturb(inputs[int(item)], generator) for item in items])
    closer, compared = _closeness(inputs[items], altered)
    if compared >= _ENOUGH and closer < _CLOSER:
        place = written_at(task.perturb)
        raise TaskError(
            f"task {task.name}: `perturb` returned inputs that are nearer to their own originals than to other inputs "
            f"in {closer:.0%} of {compared} comparisons; expected a small change of its argument that keeps the target"
            f"{place and f' ({place})'}"
        )


def _closeness(originals: Any, altered: Any) -> tuple[float, int]:
    """Return in which share of comparisons an altered input is nearer to its own original, and how many were made."""
    flat = originals.reshape(len(originals), -1).astype(np.float64)
    changed = altered.reshape(len(altered), -1).astype(np.float64)
    distances = np.stack([np.linalg.norm(flat - one, axis=1) for one in changed])
    own = distances.diagonal()[:, None]
    others = np.stack([(flat != one).any(axis=1) for one in flat])  # not itself, nor a duplicate
    nearer = (own < distances) + 0.5 * (own == distances)
    return float(nearer[others].mean()) if others.any() else 1.0, int(others.sum())


def _try_metric(task: Task, metric: Metric, targets: Any, resamples: int) -> None:
    right = Predictions(*KINDS[task.kind].all_right(task, targets))
    checked = CheckedMetric(task=task.name, metric=metric, targets=targets, predictions=right)
    checked.value()
    bootstrap(checked.resampled(), len(targets), 0, resamples)
    for answers in _wrong_answers(right):
        CheckedMetric(task=task.name, metric=metric, targets=targets, predictions=answers).outcomes_or_value()


def _wrong_answers(right: Predictions) -> Iterator[Predictions]:
    """Yield answers that models give: the same one to all items, whichever it is, and the right ones to others."""
    generator = np.random.Generator(np.random.PCG64(0))
    count = len(right)
    yield right.take(generator.permutation(count))
    for item in np.unique(np.linspace(0, count - 1, _CONSTANTS).astype(np.intp)):
        yield right.take(np.full(count, item))
