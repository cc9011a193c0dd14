"""Turn predictions into scores with intervals, and hold the primary one against the baseline."""

from __future__ import annotations

import numpy as np

from harness.contract import Baseline, Metric, Predictions, Split, Task
from harness.record import BaselineResult, Score
from harness.statistics import (
    Interval,
    binomial_p_value,
    bootstrap,
    percentile_interval,
    wilson_interval,
)

_RESAMPLES = 1000


def score(task: Task, truth: Split, predictions: Predictions, seed: int) -> tuple[Score, ...]:
    """Compute every metric of `task`, the primary one first."""
    return tuple(_score(metric, metric is task.primary, truth, predictions, seed) for metric in task.metrics)


def compare(
    task: Task,
    baseline: Baseline,
    truth: Split,
    predictions: Predictions,
    scores: tuple[Score, ...],
    seed: int,
) -> BaselineResult:
    """Hold the primary score against `baseline`; the p-value is of scoring this well by luck at the baseline."""
    metric, value = task.primary, scores[0].value
    as_good = metric.at_least_as_good(value, baseline.value)
    met = as_good and not (baseline.strict and value == baseline.value)
    if metric.outcomes is not None:
        right = metric.outcomes(truth.targets, predictions)
        p_value = binomial_p_value(int(right.sum()), len(right), baseline.value)
    else:
        draws = _draws(metric, truth, predictions, seed)
        worse = draws <= baseline.value if metric.higher_is_better else draws >= baseline.value
        p_value = float((worse.sum() + 1) / (len(draws) + 1))
    return BaselineResult(metric=metric.name, value=baseline.value, strict=baseline.strict, met=met, p_value=p_value)


def not_reached(task: Task, baseline: Baseline) -> BaselineResult:
    """Return the comparison of a submission that got no score."""
    return BaselineResult(
        metric=task.primary.name, value=baseline.value, strict=baseline.strict, met=None, p_value=None
    )


def _score(metric: Metric, primary: bool, truth: Split, predictions: Predictions, seed: int) -> Score:
    value = float(metric.compute(truth.targets, predictions))
    low, high = _interval(metric, truth, predictions, seed)
    return Score(
        name=metric.name,
        value=value,
        low=low,
        high=high,
        higher_is_better=metric.higher_is_better,
        unit=metric.unit,
        primary=primary,
    )


def _interval(metric: Metric, truth: Split, predictions: Predictions, seed: int) -> Interval:
    if metric.outcomes is not None:
        right = metric.outcomes(truth.targets, predictions)
        return wilson_interval(int(right.sum()), len(right))
    return percentile_interval(_draws(metric, truth, predictions, seed))


def _draws(
    metric: Metric, truth: Split, predictions: Predictions, seed: int
) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    def figure(items: np.ndarray[tuple[int, ...], np.dtype[np.intp]]) -> float:
        return float(metric.compute(truth.take(items).targets, predictions.take(items)))

    return bootstrap(figure, len(truth), seed, _RESAMPLES)
