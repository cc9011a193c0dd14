"""Try the functions of a task before any model is trained, so that their mistakes do not affect a student."""

from __future__ import annotations

import copy
import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from harness import metrics
from harness.contract import Metric, Predictions, Task, written_at
from harness.data import TaskData
from harness.errors import TaskError
from harness.statistics import bootstrap
from harness.taskcheck._checked_metric import CheckedMetric
from harness.taskcheck._perturb import checked_perturb

_ALTERED = 32
_CLOSER = 0.65
"""The smallest share of comparisons in which an altered input must be nearer to its original than to another input.

The share is a half if the two are unrelated, and 1 for `perturb` of every bundled task.
"""
_ENOUGH = 200
_CONSTANTS = 8
_RESAMPLES = 20
_SAME = 1e-6
_PROVEN = {id(metric) for metric in vars(metrics).values() if isinstance(metric, Metric)}


def try_task(task: Task, data: TaskData, resamples: int = _RESAMPLES) -> None:
    """Alter some inputs, and compute each metric that is not a ready-made one on possible answers.

    Raises:
        TaskError: `perturb` or a metric returns something that is not allowed.
    """
    _try_perturb(task, data.scored.inputs)
    for metric in task.metrics:
        if id(metric) not in _PROVEN:
            _try_metric(task, metric, data.scored.targets, resamples)


def _try_perturb(task: Task, inputs: Any) -> None:
    """Alter some inputs; each must keep its form, and be closer to the original than to other inputs."""
    perturb = checked_perturb(task)
    if perturb is None:
        return
    generator = np.random.Generator(np.random.PCG64(0))
    items = np.unique(np.linspace(0, len(inputs) - 1, _ALTERED).astype(np.intp))
    altered = np.stack([perturb(inputs[int(item)], generator) for item in items])
    if np.array_equal(altered, inputs[items]):
        place = written_at(task.perturb)
        raise TaskError(
            f"task {task.name}: `perturb` returned {len(items)} of {len(items)} inputs unchanged; "
            f"expected a small change of each{place and f' ({place})'}"
        )
    closer, compared = _closeness(inputs[items], altered)
    if compared >= _ENOUGH and closer < _CLOSER:
        place = written_at(task.perturb)
        raise TaskError(
            f"task {task.name}: `perturb` returned inputs that are nearer to their originals than to other inputs in "
            f"only {closer:.0%} of {compared} comparisons; expected a small change that keeps the target"
            f"{place and f' ({place})'}"
        )


def _closeness(originals: Any, altered: Any) -> tuple[float, int]:
    """Return the share of comparisons in which an altered input is nearer to its original, and their number."""
    flat = originals.reshape(len(originals), -1).astype(np.float64)
    changed = altered.reshape(len(altered), -1).astype(np.float64)
    distances = np.stack([np.linalg.norm(flat - one, axis=1) for one in changed])
    own = distances.diagonal()[:, None]
    others = np.stack([(flat != one).any(axis=1) for one in flat])  # neither the original nor a duplicate of it
    nearer = (own < distances) + 0.5 * (own == distances)
    return float(nearer[others].mean()) if others.any() else 1.0, int(others.sum())


def _try_metric(task: Task, metric: Metric, targets: Any, resamples: int) -> None:
    right = Predictions(*task.kind_definition.perfect_predictions(task, targets))
    if metric.of == "values":  # a model may return no scores
        right = Predictions(right.values)
    given = copy.deepcopy(targets)
    checked = CheckedMetric(task=task.name, metric=metric, targets=given, predictions=right)
    best = checked.value()
    figure = checked.resampled()
    again = {"when computed again": checked.value(), "by its resampler": figure(np.arange(len(targets)))}
    for how, value in again.items():
        if not math.isclose(value, best, rel_tol=_SAME, abs_tol=_SAME):
            raise _metric_mistake(
                task, metric, f"is {best:g}, and {value:g} {how}", "the same value for the same items"
            )
    bootstrap(figure, len(targets), 0, resamples)
    values = []
    for answers in _wrong_answers(right):
        tried = CheckedMetric(task=task.name, metric=metric, targets=given, predictions=answers)
        tried.outcomes()
        values.append(tried.value())
    if not _are_equal(given, targets):
        raise _metric_mistake(task, metric, "changes its targets", "a function that changes nothing")
    if metric is task.primary:
        _expect_to_rank(task, metric, best, values[0])


def _expect_to_rank(task: Task, metric: Metric, best: float, wrong: float) -> None:
    """Check that perfect answers are not worse than the same answers in another order."""
    if not metric.at_least_as_good(best, wrong) and not math.isclose(best, wrong, rel_tol=_SAME, abs_tol=_SAME):
        found = f"is {best:g} for perfect answers, and {wrong:g} for the same answers in another order"
        raise _metric_mistake(task, metric, found, f"the other value of higher_is_better={metric.higher_is_better}")


def _are_equal(one: Any, other: Any) -> bool:
    """Return whether two arrays, or two lists of arrays, are equal."""
    if isinstance(one, list):
        return len(one) == len(other) and all(map(np.array_equal, one, other))
    return np.array_equal(one, other)


def _metric_mistake(task: Task, metric: Metric, found: str, expected: str) -> TaskError:
    place = written_at(metric.compute)
    return TaskError(f"task {task.name}: metric {metric.name!r} {found}; expected {expected}{place and f' ({place})'}")


def _wrong_answers(right: Predictions) -> Iterator[Predictions]:
    """Yield possible wrong answers: correct answers in another order, and several answers that are constant."""
    generator = np.random.Generator(np.random.PCG64(0))
    count = len(right)
    yield right.take(generator.permutation(count))
    for item in np.unique(np.linspace(0, count - 1, _CONSTANTS).astype(np.intp)):
        yield right.take(np.full(count, item))
