"""How sure ranks are: intervals of all ranks at once, and the probability that one figure is better than another."""

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

_MOST_TO_RESAMPLE = 300
"""So many models make 45,000 pairs; of more models the pairs' normal quantiles bound the largest error."""


@dataclass(frozen=True)
class RankInterval:
    """The ranks that a result may have, given what is known."""

    low: int
    """The best rank."""
    high: int
    """The worst rank."""
    of: int
    """How many results are ranked."""

    def __str__(self) -> str:
        ranks = f"{self.low}" if self.low == self.high else f"{self.low}\N{EN DASH}{self.high}"
        return f"{ranks} of {self.of}"


def resampled_means(items: NDArray[Any], groups: NDArray[Any] | None, seed: int, resamples: int = 1000) -> Draws:
    """Return (M, B) means of the rows of `items` (M, N) on resamples that are the same for each row.

    With `groups` (N,), whole groups are drawn with replacement, so that items of one group stay together (Davison &
    Hinkley 1997, 3.8).
    """
    sums, sizes = _sums_of_groups(items, groups)
    generator = np.random.Generator(np.random.PCG64(seed))
    count = len(sizes)
    weights = generator.multinomial(count, np.full(count, 1 / count), size=resamples).astype(np.float32)
    means: Draws = (sums @ weights.T).astype(np.float64) / (weights @ sizes)
    return means


def _sums_of_groups(items: NDArray[Any], groups: NDArray[Any] | None) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return (M, G) sums of each row, and (G,) sizes, of the groups; each item is one where there are none."""
    rows = np.asarray(items, np.float32)
    if groups is None:
        return rows, np.ones(rows.shape[1], np.float32)
    names, group_of = np.unique(groups, return_inverse=True)
    member = np.zeros((len(group_of), len(names)), np.float32)
    member[np.arange(len(group_of)), group_of] = 1
    return rows @ member, member.sum(axis=0)


@dataclass(frozen=True)
class RankIntervals:
    """What is known of the ranks of several results."""

    ranks: tuple[RankInterval, ...]
    resolution: float | None
    """The difference from which on half of the pairs are told apart, all pairs at once; None without a pair."""


def seed_noise(repeats: Sequence[Sequence[float]], seed: int, resamples: int = 1000) -> Draws:
    """Return (M, B) draws of what other seeds would add to the mean of each model's `repeats`.

    Seeds are a random effect of each model, independent of the items. Its variance is the mean over all models that
    were trained more than once, weighted by degrees of freedom, or the model's own where that is larger; draws of it
    follow its chi-squared distribution (Searle, Casella & McCulloch 1992, "Variance Components", 3.8). Of a model that
    was trained once nothing is known, and nothing is added.
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
    """Return intervals that hold the true ranks of all models at once, with probability `confidence`.

    All pairs are compared, and the rank of a model lies between one more than the number of models that are better
    beyond doubt and the number of those that are not worse (Mogstad, Romano, Shaikh & Wilhelm 2024, Rev. Econ. Stud.
    91:476). What is beyond doubt is found step by step: the limit is the quantile of the largest error among the pairs
    not yet told apart, by the bootstrap of the same items for all models (Romano & Wolf 2005, J. Am. Stat. Assoc.
    100:94). The limit is that of Student's t, because errors are estimated from `units` items or groups.
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

    Ties count half, and the result is never 0 or 1, because draws are finitely many (Davison & Hinkley 1997, 4.2).
    """
    difference = np.asarray(first - second)
    better = np.count_nonzero(difference > 0) + np.count_nonzero(difference == 0) / 2
    return float((better + 0.5) / (len(difference) + 1))


def _told_apart(
    values: NDArray[np.float64], draws: Draws, units: int, confidence: float
) -> tuple[NDArray[np.bool_], float | None]:
    """Return (M, M) whether the row's model is better than the column's beyond doubt, and the resolution."""
    errors = draws - draws.mean(axis=1, keepdims=True)
    deviations = _deviations_of_differences(errors)
    distances = _standardised(values[:, None] - values, deviations, units)
    left = np.triu(np.ones(distances.shape, bool), k=1)
    better = np.zeros(distances.shape, bool)
    scaled = errors.astype(np.float32)
    resolution = None
    while left.any():
        limit = student_of_normal(_limit(scaled, deviations, left, confidence), max(units - 1, 1))
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
    of_one_pair = NormalDist().inv_cdf((1 + confidence) / 2)  # the least, also where nothing varies
    return max(float(np.quantile(largest, confidence, method="higher")), of_one_pair)


def _deviations_of_differences(errors: Draws) -> NDArray[np.float64]:
    """Return (M, M) standard deviations of the differences between models; 0 where two always differ alike."""
    covariance = errors @ errors.T / errors.shape[1]
    variances = covariance.diagonal()
    squares = variances[:, None] + variances - 2 * covariance
    squares[squares < 1e-9 * (variances[:, None] + variances)] = 0  # what is left of equal models is rounding
    deviations: NDArray[np.float64] = np.sqrt(squares)
    return deviations


def _standardised(distances: NDArray[np.float64], deviations: NDArray[np.float64], units: int) -> NDArray[np.float64]:
    """Return the distances in standard deviations; 0 between equal models.

    Where one model is better by as much in each of a few items, resamples do not vary, and yet three items prove
    little. What Agresti & Min add for this (2005, Stat. Med. 24:729: half an item in each cell of the table of pairs)
    is, of so clear a difference, three squares of it over the square of the number of items, which vanishes beside the
    variance of many.
    """
    errors = np.hypot(deviations, np.sqrt(3) * distances / max(units, 1))
    standardised: NDArray[np.float64] = np.divide(distances, errors, out=np.zeros_like(distances), where=errors > 0)
    return standardised
