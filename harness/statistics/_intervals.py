"""Intervals of figures; pure functions."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from statistics import NormalDist
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
_LEAST_TO_RESAMPLE, _RESAMPLES = 5, 999


class Interval(NamedTuple):
    """A confidence interval."""

    low: float
    high: float


def wilson_interval(successes: int, trials: int, confidence: float = 0.95) -> Interval:
    """Return the score interval for a proportion (Wilson 1927, J. Am. Stat. Assoc. 22:209)."""
    z = NormalDist().inv_cdf(0.5 + confidence / 2)
    share = successes / trials
    centre = share + z * z / (2 * trials)
    half = z * math.sqrt(share * (1 - share) / trials + z * z / (4 * trials * trials))
    scale = 1 + z * z / trials
    low = 0.0 if successes == 0 else (centre - half) / scale
    high = 1.0 if successes == trials else (centre + half) / scale
    return Interval(low, high)


def bootstrap(figure: Resampled, n: int, seed: int, resamples: int = 1000) -> NDArray[np.float64]:
    """Return `figure` on `resamples` draws of n items with replacement (Efron 1979, Ann. Stat. 7:1)."""
    generator = np.random.Generator(np.random.PCG64(seed))
    return np.array([figure(generator.integers(0, n, n)) for _ in range(resamples)])


def percentile_interval(draws: NDArray[np.float64], confidence: float = 0.95) -> Interval:
    """Return the middle `confidence` of bootstrap draws."""
    tail = (1 - confidence) / 2
    low, high = np.quantile(draws, [tail, 1 - tail])
    return Interval(float(low), float(high))


def trimmed_mean(values: Sequence[float] | NDArray[np.float64]) -> float:
    """Return the mean without the lowest and the highest fifth of the values (Tukey 1962, Ann. Math. Stat. 33:1)."""
    return float(_trimmed(np.asarray(values, float)))


def trimmed_mean_interval(values: Sequence[float] | NDArray[np.float64], confidence: float = 0.95) -> Interval | None:
    """Return the bootstrap interval of the trimmed mean; None of fewer than five values.

    Efron's percentiles are too narrow for few values: they are widened as Student's t is beside the normal distribution
    (Hesterberg 2015, Am. Stat. 69:371, "expanded percentiles").
    """
    sample = np.asarray(values, float)
    n = len(sample)
    if n < _LEAST_TO_RESAMPLE:
        return None
    tail = NormalDist().cdf(
        -math.sqrt(n / (n - 1)) * student_of_normal(NormalDist().inv_cdf(0.5 + confidence / 2), n - 1)
    )
    generator = np.random.Generator(np.random.PCG64(0))
    draws = _trimmed(sample[generator.integers(0, n, (_RESAMPLES, n))])
    low, high = np.quantile(draws, [tail, 1 - tail])
    return Interval(float(low), float(high))


def _trimmed(values: NDArray[np.float64]) -> NDArray[np.float64]:
    n = values.shape[-1]
    cut = int(_TRIMMED * n)
    means: NDArray[np.float64] = np.sort(values, axis=-1)[..., cut : n - cut].mean(axis=-1)
    return means


def student_of_normal(z: float, degrees: int) -> float:
    """Return the quantile of Student's t at the probability where the normal distribution has the quantile `z` ≥ 0.

    It is right to two digits, and never too small (Wallace 1959, Ann. Math. Stat. 30:1124).
    """
    scaled = z * (8 * degrees + 3) / (8 * degrees + 1)
    return math.sqrt(degrees * math.expm1(min(scaled * scaled / degrees, _LARGEST_EXPONENT)))


def quantile_bound_rank(n: int, share: float = 0.1, error: float = 0.01) -> int | None:
    """Return how many of n samples from the top bound the (1 - share) quantile from above.

    MLPerf's rule: the largest t with P(Binomial(n, share) ≤ t) ≤ error; the t-th largest sample is then
    at least the quantile with probability 1 - error. None where n is too small for any.
    """
    enough = np.flatnonzero(binomial_shares(n, share).cumsum() <= error)
    return int(enough[-1]) if len(enough) and enough[-1] >= 1 else None


def interquartile_ratio(values: Sequence[float] | NDArray[Any]) -> float:
    """Return the interquartile range over the median."""
    low, median, high = np.quantile(np.asarray(values, float), [0.25, 0.5, 0.75])
    return float((high - low) / median) if median else 0.0
