"""The uncertainty of ranks: intervals of all ranks at once, and the probability that one figure is the better one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.statistics._intervals import student_of_normal

Draws = NDArray[np.floating[Any]]
"""(M, B): the figures of M models on the same B resamples; larger is better."""

_WIDER_LIMIT = 1.02
"""Errors of few wrong answers are not quite normal: with the limit itself, ten equal models had 94.2 % coverage."""
_MOST_TO_RESAMPLE = 300
"""The largest number of models, with 45,000 pairs, for which the largest error is resampled. For more models it is
bounded by normal quantiles."""


@dataclass(frozen=True)
class RankInterval:
    """The range of ranks that a result may truly have."""

    low: int
    """The best rank."""
    high: int
    """The worst rank."""
    of: int
    """The number of results that are ranked."""

    def __str__(self) -> str:
        ranks = f"{self.low}" if self.low == self.high else f"{self.low}\N{EN DASH}{self.high}"
        return f"{ranks} of {self.of}"


def resampled_means(items: NDArray[Any], groups: NDArray[Any] | None, seed: int, resamples: int = 1000) -> Draws:
    """Return (M, B) means of the rows of `items` (M, N) on resamples that are the same for all rows.

    With `groups` (N,), whole groups are drawn with replacement (Davison & Hinkley 1997, 3.8).
    """
    sums, sizes = _sums_of_groups(items, groups)
    generator = np.random.Generator(np.random.PCG64(seed))
    count = len(sizes)
    weights = generator.multinomial(count, np.full(count, 1 / count), size=resamples).astype(np.float32)
    means: Draws = (sums @ weights.T).astype(np.float64) / (weights @ sizes)
    return means


def _sums_of_groups(items: NDArray[Any], groups: NDArray[Any] | None) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return (M, G) sums of each row over groups, and (G,) sizes of groups; without groups each item is one."""
    rows = np.asarray(items, np.float32)
    if groups is None:
        return rows, np.ones(rows.shape[1], np.float32)
    names, group_of = np.unique(groups, return_inverse=True)
    member = np.zeros((len(group_of), len(names)), np.float32)
    member[np.arange(len(group_of)), group_of] = 1
    return rows @ member, member.sum(axis=0)


@dataclass(frozen=True)
class RankIntervals:
    """The intervals of the ranks of several results."""

    ranks: tuple[RankInterval, ...]
    resolution: float | None
    """The difference from which on half of the pairs can be told apart, all pairs at once; None without a pair."""


def seed_noise(repeats: Sequence[Sequence[float]], seed: int, resamples: int = 1000) -> Draws:
    """Return (M, B) draws of the deviation that other seeds would cause in the mean of each model's `repeats`.

    Seeds are a random effect of each model, independent of the items. Its variance is the mean over all models that
    were trained more than once, weighted by degrees of freedom, or the model's own if that is larger. Draws of the
    variance follow its chi-squared distribution (Searle, Casella & McCulloch 1992, "Variance Components", 3.8). For a
    model that was trained once the effect is unknown, and the deviation is 0.
    """
    generator = np.random.Generator(np.random.PCG64(seed))
    normal = generator.normal(size=(len(repeats), resamples))
    own = np.array([np.var(values, ddof=1) if len(values) > 1 else 0.0 for values in repeats])
    freedom = np.array([max(len(values) - 1, 0) for values in repeats])
    if not freedom.any():
        return np.zeros_like(normal)
    variances = np.where(freedom > 0, np.maximum(own, own @ freedom / freedom.sum()), 0.0)
    counts = np.array([max(len(values), 1) for values in repeats])
    scales = np.sqrt(freedom.sum() / generator.chisquare(freedom.sum(), resamples))
    noise: Draws = np.sqrt(variances / counts)[:, None] * normal * scales
    return noise


def rank_intervals(values: NDArray[Any], draws: Draws, units: int, confidence: float = 0.95) -> RankIntervals:
    """Return intervals that contain the true ranks of all models at once, with probability `confidence`.

    All pairs are compared. The rank of a model lies between one more than the number of significantly better models
    and the number of models that are not significantly worse (Mogstad, Romano, Shaikh & Wilhelm 2024, Rev. Econ. Stud.
    91:476). Significance is found step by step: the limit is the quantile of the largest error among the pairs that
    have not been told apart yet, by the bootstrap of the same items for all models (Romano & Wolf 2005, J. Am. Stat.
    Assoc. 100:94). The limit is scaled to Student's t, because errors are estimated from `units` items or groups, and
    raised by a fiftieth, which is enough according to ``tests/benchmarks/test_coverage.py``.
    """
    better, resolution = _told_apart(np.asarray(values, np.float64), draws, units, confidence)
    count = len(values)
    ranks = (
        RankInterval(low=1 + int(better[:, model].sum()), high=count - int(better[model].sum()), of=count)
        for model in range(count)
    )
    return RankIntervals(tuple(ranks), resolution)


def probability_better(first: NDArray[Any], second: NDArray[Any] | float) -> float:
    """Return the probability that the first figure is truly better, from (B,) draws on the same resamples.

    Ties count half. The result is never 0 or 1, because there are finitely many draws (Davison & Hinkley 1997, 4.2).
    """
    difference = np.asarray(first - second)
    better = np.count_nonzero(difference > 0) + np.count_nonzero(difference == 0) / 2
    return float((better + 0.5) / (len(difference) + 1))


def _told_apart(
    values: NDArray[np.float64], draws: Draws, units: int, confidence: float
) -> tuple[NDArray[np.bool_], float | None]:
    """Return (M, M) whether the row's model is significantly better than the column's, and the resolution."""
    errors = draws - draws.mean(axis=1, keepdims=True)
    deviations = _deviations_of_differences(errors)
    distances = _standardised(values[:, None] - values, deviations, units)
    left = np.triu(np.ones(distances.shape, bool), k=1)
    better = np.zeros(distances.shape, bool)
    scaled = errors.astype(np.float32)
    resolution = None
    while left.any():
        limit = _WIDER_LIMIT * student_of_normal(_limit(scaled, deviations, left, confidence), max(units - 1, 1))
        if resolution is None:
            resolution = limit * float(np.median(deviations[left]))
        found = left & (np.abs(distances) > limit)
        if not found.any():
            break
        better |= found & (distances > 0)
        better |= (found & (distances < 0)).T
        left &= ~found
    return better, resolution


def _limit(errors: Draws, deviations: NDArray[np.float64], left: NDArray[np.bool_], confidence: float) -> float:
    """Return the quantile of the largest error, in standard deviations, among the pairs that are `left`."""
    if len(errors) > _MOST_TO_RESAMPLE:
        return NormalDist().inv_cdf(1 - (1 - confidence) / 2 / int(left.sum()))
    largest = np.zeros(errors.shape[1], np.float32)
    for model in range(len(errors) - 1):
        others = np.flatnonzero(left[model] & (deviations[model] > 0))
        if len(others):
            scale = (1 / deviations[model, others]).astype(np.float32)[:, None]
            np.maximum(largest, (np.abs(errors[others] - errors[model]) * scale).max(axis=0), out=largest)
    of_one_pair = NormalDist().inv_cdf((1 + confidence) / 2)  # the minimum, even if nothing varies
    return max(float(np.quantile(largest, confidence, method="higher")), of_one_pair)


def _deviations_of_differences(errors: Draws) -> NDArray[np.float64]:
    """Return (M, M) standard deviations of the differences between models; 0 if the difference is constant."""
    covariance = errors @ errors.T / errors.shape[1]
    variances = covariance.diagonal()
    squares = variances[:, None] + variances - 2 * covariance
    squares[squares < 1e-9 * (variances[:, None] + variances)] = 0  # for equal models only rounding errors remain
    deviations: NDArray[np.float64] = np.sqrt(squares)
    return deviations


def _standardised(distances: NDArray[np.float64], deviations: NDArray[np.float64], units: int) -> NDArray[np.float64]:
    """Return the distances in standard deviations; 0 between equal models.

    If one model is better by the same amount on each of a few items, resamples do not vary, although three items prove
    little. Therefore a variance is added: three squares of the difference divided by the square of the number of items,
    which is negligible for many items. This is the effect of half an item in each cell of the table of pairs (Agresti &
    Min 2005, Stat. Med. 24:729) for such a clear difference.
    """
    errors = np.hypot(deviations, np.sqrt(3) * distances / max(units, 1))
    standardised: NDArray[np.float64] = np.divide(distances, errors, out=np.zeros_like(distances), where=errors > 0)
    return standardised
