"""Compute scores with intervals from predictions, and compare the primary score with the baseline."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any

import numpy as np

from harness import metrics
from harness.contract import Baseline, Metric, Predictions, Split, Task
from harness.errors import SubmissionError
from harness.evaluation._settings import seed_for
from harness.kinds import KINDS
from harness.record import BaselineResult, Score
from harness.statistics import binomial_p_value, bootstrap, percentile_interval, wilson_interval
from harness.taskcheck import CheckedMetric

Array = np.ndarray[Any, Any]

_RESAMPLES = 1000
_RESAMPLES_BESIDES = 200


@dataclass(frozen=True, kw_only=True, eq=False)
class Scored:
    """The scores of one set of predictions, and the samples behind the primary score."""

    scores: tuple[Score, ...]
    outcomes: Array | None
    """(N,) bool: which predictions are right, if the primary metric is a proportion."""
    draws: Array | None
    """Bootstrap draws of a primary metric that is not a proportion, on the same resampled items for everybody."""

    @property
    def primary(self) -> Score:
        """The score that ranks."""
        return self.scores[0]


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
    """Compute the metrics of `task`, and for predictions with scores the usual metrics of scores as well.

    Raises:
        SubmissionError: the primary metric needs scores, but the model returns labels only.
        TaskError: a metric returns something other than a number.
    """
    primary = task.primary
    require_scores(task, predictions)
    kind = KINDS[task.kind]
    if predictions.scores is not None:  # normalised once rather than in each resample
        predictions = Predictions(predictions.values, kind.normalised(predictions.scores))
    seed = seed_for(0, f"{task.name}/bootstrap", 0)

    def figures(metric: Metric) -> CheckedMetric:
        return CheckedMetric(task=task.name, metric=metric, targets=truth.targets, predictions=predictions)

    first = _estimate(figures(primary), seed, _RESAMPLES)
    besides = [metric for metric in task.metrics[1:] if metric.of == "values" or predictions.scores is not None]
    if predictions.scores is not None:
        declared = {metric.name for metric in task.metrics}
        usual: list[Metric] = [getattr(metrics, name) for name in kind.metrics_of_scores]
        besides += [metric for metric in usual if metric.name not in declared]
    others = [
        _estimate(figures(metric), seed, _RESAMPLES if metric.of == "values" else _RESAMPLES_BESIDES)
        for metric in besides
    ]
    return Scored(
        scores=(_score(primary, first, primary=True), *map(_score, besides, others)),
        outcomes=first.outcomes,
        draws=first.draws,
    )


def mean_of(repeats: Sequence[tuple[Score, ...]]) -> tuple[Score, ...]:
    """Return the mean of each score and of its bounds over repeats; the bounds cover test sampling only."""
    means = []
    for versions in zip(*repeats, strict=True):
        first = versions[0]
        means.append(
            Score(
                name=first.name,
                value=fmean(version.value for version in versions),
                low=fmean(version.low for version in versions),
                high=fmean(version.high for version in versions),
                higher_is_better=first.higher_is_better,
                unit=first.unit,
                primary=first.primary,
            )
        )
    return tuple(means)


def compare(task: Task, baseline: Baseline, value: float, first: Scored) -> BaselineResult:
    """Compare `value` with `baseline`; the p-value is for the `first` repeat doing as well by chance."""
    metric = task.primary
    met = metric.at_least_as_good(value, baseline.value) and not (baseline.strict and value == baseline.value)
    if first.outcomes is not None:
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


@dataclass(frozen=True, kw_only=True, eq=False)
class _Estimate:
    """A value, and what its interval is computed from: outcomes of a proportion, or bootstrap draws."""

    value: float
    outcomes: Array | None
    draws: Array | None


def _estimate(figures: CheckedMetric, seed: int, resamples: int) -> _Estimate:
    value, outcomes = figures.value(), figures.outcomes()
    draws = None if outcomes is not None else bootstrap(figures.resampled(), len(figures.predictions), seed, resamples)
    return _Estimate(value=value, outcomes=outcomes, draws=draws)


def _score(metric: Metric, estimate: _Estimate, *, primary: bool = False) -> Score:
    if estimate.outcomes is not None:
        interval = wilson_interval(int(estimate.outcomes.sum()), len(estimate.outcomes))
    else:
        assert estimate.draws is not None
        interval = percentile_interval(estimate.draws)
    return Score(
        name=metric.name,
        value=estimate.value,
        low=interval.low,
        high=interval.high,
        higher_is_better=metric.higher_is_better,
        unit=metric.unit,
        primary=primary,
    )
