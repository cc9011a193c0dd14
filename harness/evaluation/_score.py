"""Compute scores with intervals from predictions, and compare the primary score with the baseline."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any

import numpy as np

from harness import metrics
from harness.contract import Baseline, Metric, Predictions, Split, Task
from harness.errors import SubmissionError
from harness.evaluation._settings import seed_for
from harness.record import BaselineResult, Score
from harness.statistics import (
    Interval,
    above_p_value,
    binomial_p_value,
    bootstrap,
    percentile_interval,
    proportion_interval,
    with_repeats,
)
from harness.taskcheck import CheckedMetric

Array = np.ndarray[Any, Any]

_RESAMPLES = 1000
_RESAMPLES_OF_OTHERS = 200
_ENOUGH_GROUPS = 30
"""The smallest number of groups for which the coverage of intervals was measured: tests/benchmarks/test_coverage.py."""
_ENOUGH_UNBOUNDED = 200
"""The smallest number of items, or groups, for a metric without bounds, which depends on its few largest items: with
fewer its interval may be too short."""
_MARGIN = 0.05
"""A bootstrap interval may be too short if the value is nearer to a bound than this share of the metric's range."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Estimate:
    """The value of one metric, and what its interval is computed from: outcomes of a proportion, or bootstrap draws."""

    metric: Metric
    n: int
    """How many items it is computed from."""
    value: float
    outcomes: Array | None
    draws: Array | None


@dataclass(frozen=True, kw_only=True, eq=False)
class Scored:
    """The metrics of one set of predictions, the primary one first, with their intervals."""

    estimates: tuple[Estimate, ...]
    scores: tuple[Score, ...]

    @property
    def primary(self) -> Score:
        """The score that decides the rank."""
        return self.scores[0]

    @property
    def outcomes(self) -> Array | None:
        """(N,) bool: which predictions are right, if the primary metric is a proportion."""
        return self.estimates[0].outcomes

    @property
    def draws(self) -> Array | None:
        """Bootstrap draws of a primary metric that is not a proportion; items are resampled equally for everybody."""
        return self.estimates[0].draws


class ScoresMissingError(SubmissionError):
    """The primary metric needs scores, but the model returns labels; the message reveals nothing about the data."""


def require_scores(task: Task, predictions: Predictions) -> None:
    """Refuse labels if the primary metric is computed from scores.

    Raises:
        ScoresMissingError: `bad_predictions`.
    """
    if task.primary.of == "scores" and predictions.scores is None:
        raise ScoresMissingError(
            "bad_predictions",
            "predict",
            f"predict returned labels, but {task.primary.name} is computed from scores: return "
            f"(N, {len(task.classes)}) floats, one column per class, such as predict_proba or the network's output",
        )


def score(task: Task, truth: Split, predictions: Predictions) -> Scored:
    """Compute the metrics of `task`, and for predictions with scores the kind's usual metrics of scores as well.

    Raises:
        SubmissionError: the primary metric needs scores, but the model returns labels only.
        TaskError: a metric returns something other than a number.
    """
    primary = task.primary
    require_scores(task, predictions)
    kind = task.kind_definition
    if predictions.scores is not None:  # normalised once rather than in each resample
        predictions = Predictions(predictions.values, kind.normalised(predictions.scores))
    seed = seed_for(0, f"{task.name}/bootstrap", 0)

    def estimate(metric: Metric, resamples: int) -> Estimate:
        figures = CheckedMetric(task=task.name, metric=metric, targets=truth.targets, predictions=predictions)
        value, outcomes, draws = figures.value(), figures.outcomes(), None
        if outcomes is None:
            draws = bootstrap(figures.resampled(), len(predictions), seed, resamples, truth.groups)
        return Estimate(metric=metric, n=len(predictions), value=value, outcomes=outcomes, draws=draws)

    others = [metric for metric in task.metrics[1:] if metric.of == "values" or predictions.scores is not None]
    if predictions.scores is not None:
        declared = {metric.name for metric in task.metrics}
        usual: list[Metric] = [getattr(metrics, name) for name in kind.metrics_of_scores]
        others += [metric for metric in usual if metric.name not in declared]
    estimates = (
        estimate(primary, _RESAMPLES),
        *(estimate(metric, _RESAMPLES if metric.of == "values" else _RESAMPLES_OF_OTHERS) for metric in others),
    )
    scores = tuple(_score([one], truth.groups, primary=place == 0) for place, one in enumerate(estimates))
    return Scored(estimates=estimates, scores=scores)


def mean_of(repeats: Sequence[Scored], groups: Array | None) -> tuple[Score, ...]:
    """Return the mean of each score over repeats, with an interval that covers items, or groups, and seeds."""
    versions = zip(*(repeat.estimates for repeat in repeats), strict=True)
    return tuple(_score(estimates, groups, primary=place == 0) for place, estimates in enumerate(versions))


def later_outcomes(repeats: Sequence[Scored]) -> Array | None:
    """Return (R - 1, N) bool: which predictions of the later of R repeats are right; None if there are none."""
    found = [repeat.outcomes for repeat in repeats[1:] if repeat.outcomes is not None]
    return np.stack(found) if found else None


def mean_draws(repeats: Sequence[Scored]) -> Array | None:
    """Return the draws of the primary metric's mean over repeats, or None for a proportion."""
    found = [repeat.draws for repeat in repeats if repeat.draws is not None]
    return np.mean(found, axis=0) if found else None


def numbered(groups: Array | None) -> Array | None:
    """Return groups as numbers, which do not identify anybody."""
    return None if groups is None else np.unique(groups, return_inverse=True)[1].astype(np.int64)


def compare(
    task: Task, baseline: Baseline, score: Score, repeats: Sequence[Scored], groups: Array | None
) -> BaselineResult:
    """Compare `score` with `baseline`; the p-value is the probability, over all repeats, of such a score by chance."""
    metric, first = task.primary, repeats[0]
    met = metric.at_least_as_good(score.value, baseline.value) and not (
        baseline.strict and score.value == baseline.value
    )
    if len(repeats) > 1 or groups is not None:
        sign = 1 if metric.higher_is_better else -1
        low, high = sorted((sign * score.low, sign * score.high))
        p_value = above_p_value(sign * score.value, Interval(low, high), sign * baseline.value)
    elif first.outcomes is not None:
        p_value = binomial_p_value(int(first.outcomes.sum()), len(first.outcomes), baseline.value)
    else:
        assert first.draws is not None
        worse = first.draws <= baseline.value if metric.higher_is_better else first.draws >= baseline.value
        p_value = float((worse.sum() + 1) / (len(first.draws) + 1))
    return BaselineResult(metric=metric.name, value=baseline.value, strict=baseline.strict, met=met, p_value=p_value)


def not_reached(task: Task, baseline: Baseline) -> BaselineResult:
    """Return the comparison for a submission without a score."""
    return BaselineResult(
        metric=task.primary.name, value=baseline.value, strict=baseline.strict, met=None, p_value=None
    )


def _score(estimates: Sequence[Estimate], groups: Array | None, *, primary: bool) -> Score:
    """Return the score of one metric over its repeats."""
    metric, values = estimates[0].metric, [estimate.value for estimate in estimates]
    value = fmean(values)
    interval = with_repeats(value, _interval_of_items(estimates, groups), values)
    least, greatest = metric.within
    return Score(
        name=metric.name,
        value=value,
        low=max(least, interval.low),
        high=min(greatest, interval.high),
        higher_is_better=metric.higher_is_better,
        unit=metric.unit,
        primary=primary,
        approximate=_is_approximate(estimates, value, groups),
    )


def _interval_of_items(estimates: Sequence[Estimate], groups: Array | None) -> Interval:
    outcomes = [estimate.outcomes for estimate in estimates if estimate.outcomes is not None]
    if outcomes:
        return proportion_interval(np.stack(outcomes), groups)
    draws = np.mean([estimate.draws for estimate in estimates if estimate.draws is not None], axis=0)
    return percentile_interval(draws, estimates[0].n if groups is None else len(np.unique(groups)))


def _is_approximate(estimates: Sequence[Estimate], value: float, groups: Array | None) -> bool:
    """Return whether an interval may cover less than 95 %, because no simulation has shown a coverage of 95 %."""
    metric = estimates[0].metric
    if metric.approximate or (groups is not None and len(np.unique(groups)) < _ENOUGH_GROUPS):
        return True
    least, greatest = metric.within
    if estimates[0].outcomes is not None:
        return False
    if math.isinf(greatest - least):
        units = estimates[0].n if groups is None else len(np.unique(groups))
        return units < _ENOUGH_UNBOUNDED
    return not _MARGIN <= (value - least) / (greatest - least) <= 1 - _MARGIN
