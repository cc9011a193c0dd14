"""The parameter-free Ladder, which decides which scores on a private part are released, as pure functions."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.statistics._intervals import variance_of_mean

_DIGITS = 10
"""Significant digits of released scores, enough for multiples of 1/400."""


def ladder_release(value: float, released: float | None, noise: float, step: float, *, higher_is_better: bool) -> float:
    """Return the score to release after a submission reached `value`; `released` is the best score released so far.

    A new score is released only if it is better than the best one by more than `noise`, the standard error of the
    difference on the same items. It is then rounded to a multiple of `step`. Otherwise the best score is released
    again, so that nothing more is revealed about `value` (Blum & Hardt 2015, ICML, algorithm 2: the parameter-free
    Ladder). The algorithm is stated for losses; here the score of a metric replaces the loss.
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
    """Return the standard error of the difference from a score of which only the value is known.

    Both are assumed to be equally uncertain and independent. Scores on the same items are correlated, so the true error
    is smaller, and less is released than could be.
    """
    return math.sqrt(2) * error
