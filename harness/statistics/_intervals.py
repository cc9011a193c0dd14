"""Confidence intervals, as pure functions."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from statistics import NormalDist, stdev
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from harness.statistics._binomial import binomial_shares

Resampled = Callable[[NDArray[np.intp]], float]
"""A figure computed on the items at the given indices."""

NORMAL_95 = NormalDist().inv_cdf(0.975)
"""Half the width of a 95 % interval in standard deviations of a normal distribution."""
_TRIMMED = 0.2
_LARGEST_EXPONENT = 700.0
_LEAST_IN_SERIES, _WIDER, _LOOKS_BEFORE = 5, 1.16, 2
_WIDER_THAN_PERCENTILES = 1 + 1 / 30


class Interval(NamedTuple):
    """A confidence interval."""

    low: float
    high: float


def wilson_interval(successes: int, trials: int, confidence: float = 0.95) -> Interval:
    """Return the score interval for a proportion (Wilson 1927, J. Am. Stat. Assoc. 22:209)."""
    interval = _wilson(successes / trials, trials, NormalDist().inv_cdf(0.5 + confidence / 2))
    return Interval(0.0 if successes == 0 else interval.low, 1.0 if successes == trials else interval.high)


def proportion_interval(
    outcomes: NDArray[Any], groups: NDArray[Any] | None = None, confidence: float = 0.95
) -> Interval:
    """Return the interval of a proportion from (R, N) outcomes of R repeats on the same N items.

    Items of one group are treated together. The interval is Wilson's for the number of independent items that would
    vary as much (the design effect; Kish 1965, "Survey Sampling"), with the quantile of Student's t for the number of
    groups (Korn & Graubard 1998, Surv. Methodol. 24:193). This number is never greater than that of all outcomes, and
    without groups never smaller than that of items. For one repeat without groups it is Wilson's interval.
    """
    rows = np.atleast_2d(np.asarray(outcomes, np.float64))
    repeats, count = rows.shape
    items = rows.mean(axis=0)
    share, units = float(items.mean()), count if groups is None else len(np.unique(groups))
    if groups is None and repeats == 1:
        return wilson_interval(round(share * count), count, confidence)
    variance = variance_of_mean(items, groups)
    fewest, most = (count, repeats * count) if groups is None else (1, repeats * count)
    trials = units if variance == 0 else min(max(share * (1 - share) / variance, fewest), most)
    z = NormalDist().inv_cdf(0.5 + confidence / 2)
    low, high = _wilson(share, trials, z if groups is None else student_of_normal(z, max(units - 1, 1)))
    return Interval(max(0.0, low), min(1.0, high))


def with_repeats(value: float, interval: Interval, repeats: Sequence[float]) -> Interval:
    """Return the interval of a mean over trainings, from the `interval` for items alone and the values of `repeats`.

    Each side is the root of the sum of the squares of both parts (Zou & Donner 2008, Stat. Med. 27:1693); the part of
    the repeats is Student's interval. A single training says nothing about others, and leaves the interval unchanged.
    """
    if len(repeats) < 2:
        return interval
    own = student_of_normal(NORMAL_95, len(repeats) - 1) * stdev(repeats) / math.sqrt(len(repeats))
    below, above = max(0.0, value - interval.low), max(0.0, interval.high - value)
    return Interval(value - math.hypot(below, own), value + math.hypot(above, own))


def variance_of_mean(items: NDArray[np.float64], groups: NDArray[Any] | None) -> float:
    """Return the variance of the mean of items, by the ratio estimator for groups (Cochran 1977, 6.3)."""
    errors = items - items.mean()
    if groups is not None:
        names, group_of = np.unique(groups, return_inverse=True)
        errors = np.bincount(group_of, errors, len(names))
    units = len(errors)
    return float((errors**2).sum() / len(items) ** 2 * units / max(units - 1, 1))


def _wilson(share: float, trials: float, z: float) -> Interval:
    centre = share + z * z / (2 * trials)
    half = z * math.sqrt(share * (1 - share) / trials + z * z / (4 * trials * trials))
    scale = 1 + z * z / trials
    return Interval((centre - half) / scale, (centre + half) / scale)


def bootstrap(
    figure: Resampled, n: int, seed: int, resamples: int = 1000, groups: NDArray[Any] | None = None
) -> NDArray[np.float64]:
    """Return `figure` on `resamples` draws of n items with replacement (Efron 1979, Ann. Stat. 7:1).

    With `groups` (n,), whole groups are drawn, as many as there are (Davison & Hinkley 1997, 3.8).
    """
    generator = np.random.Generator(np.random.PCG64(seed))
    if groups is None:
        return np.array([figure(generator.integers(0, n, n)) for _ in range(resamples)])
    members = [np.flatnonzero(groups == name) for name in np.unique(groups)]
    drawn = (generator.integers(0, len(members), len(members)) for _ in range(resamples))
    return np.array([figure(np.concatenate([members[group] for group in chosen])) for chosen in drawn])


def percentile_interval(draws: NDArray[np.float64], units: int, confidence: float = 0.95) -> Interval:
    """Return the interval of a figure from its bootstrap draws on `units` items or groups.

    Efron's percentiles are too narrow for few units, so they are widened by the ratio of Student's t to the normal
    distribution ("expanded percentiles", Hesterberg 2015, Am. Stat. 69:371). Figures of rare classes, few pictures or
    people are skewed, so that this alone covers the true value in 91 to 94 % of samples. Therefore the interval is
    widened further, by a thirtieth and by two shares of one unit, which is enough according to
    ``tests/benchmarks/test_coverage_of_scores.py``. The k-th of B draws is the quantile at k / (B + 1), so that few
    draws cover as much as many (Davison & Hinkley 1997, 2.4).
    """
    tail = _expanded_tail(units, confidence)
    low, high = np.quantile(draws, [tail, 1 - tail], method="weibull")
    return Interval(float(low), float(high))


def trimmed_mean(values: Sequence[float] | NDArray[np.float64]) -> float:
    """Return the mean without the lowest and the highest fifth of the values (Tukey 1962, Ann. Math. Stat. 33:1)."""
    return float(_trimmed(np.asarray(values, float)))


def trimmed_mean_interval(series: Sequence[float] | NDArray[np.float64], looks: Iterable[int] = ()) -> Interval | None:
    """Return the 95 % interval of the trimmed mean of a series; None for fewer than five values.

    Neighbouring values may be correlated, for example rounds on a machine that slows down for a while. Therefore the
    variance is estimated from the lowest frequencies of the winsorised values, each of which counts as one independent
    value (equal-weighted cosines with Student's t; Lazarus, Lewis, Stock & Watson 2018, J. Bus. Econ. Stat. 36:541).

    `looks` are the numbers of values at which the interval was computed before, in order to stop as soon as it is
    narrow. Such stopping favours moments at which the variance looks small. Therefore the variance is never less than
    at the two looks before, and the interval is a sixth wider. ``tests/benchmarks/test_precision.py`` shows that it
    then covers the true value in 93 to 97 of 100 cases, for correlations of neighbours up to .6.
    """
    values = np.asarray(series, float)
    if len(values) < _LEAST_IN_SERIES:
        return None
    centre, half = trimmed_mean(values), float(half_widths_of_trimmed_means(values, looks))
    return Interval(centre - half, centre + half)


def half_widths_of_trimmed_means(series: NDArray[np.float64], looks: Iterable[int] = ()) -> NDArray[np.float64]:
    """Return half the widths of the intervals that `trimmed_mean_interval` gives, for many (..., N) series at once."""
    n = series.shape[-1]
    before = sorted(look for look in looks if _LEAST_IN_SERIES <= look < n)[-_LOOKS_BEFORE:]
    variance = np.max([_long_run_variance(series[..., :look]) for look in (*before, n)], axis=0)
    widths: NDArray[np.float64] = _WIDER * student_of_normal(NORMAL_95, _waves(n)) * np.sqrt(variance / n)
    return widths


def _waves(n: int) -> int:
    return max(3, n // 10)


def _long_run_variance(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return n times the variance of the trimmed mean of (..., n) `values`, in which neighbours may be correlated."""
    n = values.shape[-1]
    cut = int(_TRIMMED * n)
    kept = n - 2 * cut
    ordered = np.sort(values, axis=-1)
    winsorised = np.clip(values, ordered[..., cut, None], ordered[..., n - 1 - cut, None])
    influence = (winsorised - winsorised.mean(axis=-1, keepdims=True)) * n / kept
    waves = np.cos(np.pi / n * np.arange(1, _waves(n) + 1) * (np.arange(n) + 0.5)[:, None])
    squares = ((influence @ waves) ** 2).mean(axis=-1)
    variance: NDArray[np.float64] = squares * 2 / n * (n - 1) / max(kept - 1, 1) * kept / n
    return variance


def _expanded_tail(units: int, confidence: float) -> float:
    freedom = max(units - 1, 1)
    wider = student_of_normal(NormalDist().inv_cdf(0.5 + confidence / 2), freedom)
    return NormalDist().cdf(-math.sqrt((freedom + 1) / freedom) * wider * (_WIDER_THAN_PERCENTILES + 2 / (freedom + 1)))


def _trimmed(values: NDArray[np.float64]) -> NDArray[np.float64]:
    n = values.shape[-1]
    cut = int(_TRIMMED * n)
    means: NDArray[np.float64] = np.sort(values, axis=-1)[..., cut : n - cut].mean(axis=-1)
    return means


def student_of_normal(z: float, degrees: int) -> float:
    """Return the quantile of Student's t at the probability for which the normal quantile is `z` ≥ 0.

    It is accurate to two digits, and never too small (Wallace 1959, Ann. Math. Stat. 30:1124).
    """
    scaled = z * (8 * degrees + 3) / (8 * degrees + 1)
    return math.sqrt(degrees * math.expm1(min(scaled * scaled / degrees, _LARGEST_EXPONENT)))


def quantile_bound_rank(n: int, share: float = 0.1, error: float = 0.01) -> int | None:
    """Return the rank, from the top, of the sample among n that bounds the (1 - share) quantile from above.

    This is MLPerf's rule: the largest t with P(Binomial(n, share) ≤ t) ≤ error. The t-th largest sample is then
    at least the quantile with probability 1 - error. The result is None if n is too small for any t.
    """
    enough = np.flatnonzero(binomial_shares(n, share).cumsum() <= error)
    return int(enough[-1]) if len(enough) and enough[-1] >= 1 else None


def interquartile_ratio(values: Sequence[float] | NDArray[Any]) -> float:
    """Return the interquartile range divided by the median."""
    low, median, high = np.quantile(np.asarray(values, float), [0.25, 0.5, 0.75])
    return float((high - low) / median) if median else 0.0
