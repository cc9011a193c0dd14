"""The parameter-free Ladder: which scores of a part that must stay unknown are released; pure functions."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.statistics._intervals import variance_of_mean

_DIGITS = 10
"""Significant digits of what is released: a multiple of 1/400 is written as such."""


def ladder_release(value: float, released: float | None, noise: float, step: float, *, higher_is_better: bool) -> float:
    """Return the score that is released after a submission reached `value`, where `released` was the best so far.

    A score is new only if it is better than the best one by more than `noise`, the standard error of the difference on
    the same items; it is then rounded to a multiple of `step`. Otherwise the best one is released again, so that nobody
    learns more of `value` than that (Blum & Hardt 2015, ICML, algorithm 2: the parameter-free Ladder). The algorithm
    speaks of losses; here the score of a metric takes their place.
    """
    if released is not None:
        gain = value - released if higher_is_better else released - value
        if not gain > noise:
            return released
    return float(f"{round(value / step) * step:.{_DIGITS}g}") if step else value


def error_of_difference(first: NDArray[Any], second: NDArray[Any], groups: NDArray[Any] | None) -> float:
    """Return the standard error of the difference between two means over the same (N,) items, or groups of items."""
    return math.sqrt(variance_of_mean(np.asarray(first, np.float64) - np.asarray(second, np.float64), groups))


def error_of_unpaired_difference(error: float) -> float:
    """Return the standard error of the difference to a score that is only known by its value.

    Both are taken to be equally uncertain and independent. On the same items they are rather alike, so that the
    difference is known better than this says, and less is released.
    """
    return math.sqrt(2) * error
