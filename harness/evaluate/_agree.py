"""Whether two runs of a model gave the same answers."""

from __future__ import annotations

from typing import Any

import numpy as np

from harness.contract import Predictions
from harness.record import Audit

Array = np.ndarray[Any, Any]

RELATIVE, ABSOLUTE = 1e-3, 1e-4
"""What the order of additions may change in a float network."""


def differing(first: Predictions, second: Predictions) -> Array:
    """Return (N,) bool: which items got different answers.

    A label that flips is excused where both score vectors agree within tolerance; boxes, masks and forecasts are
    compared by the same tolerance.
    """
    if isinstance(first.values, list):
        pairs = zip(first.values, second.values, strict=True)
        return np.array([a.shape != b.shape or not _close(a, b).all() for a, b in pairs], bool)
    axes = tuple(range(1, first.values.ndim))
    same: Array = np.asarray(_close(first.values, second.values).all(axis=axes))
    if first.scores is not None and second.scores is not None:
        same = same | _close(first.scores, second.scores).all(axis=tuple(range(1, first.scores.ndim)))
    return ~same


def allowed_to_differ(n: int) -> int:
    """Return how many of `n` items may differ: 0.5 %, at least 2."""
    return max(2, n // 200)


def same_answers(accuracy_run: Predictions, timed_run: Predictions) -> Audit:
    """Compare what unaltered items got in the accuracy run and, alone and shuffled, in the timed run.

    Catches predictions that depend on batch or order, models that go on learning, and ones that know when they
    are timed.
    """
    n, count = len(timed_run), int(differing(accuracy_run, timed_run).sum())
    what = "got another answer when timed than when scored"
    return Audit(
        name="same answers",
        passed=count <= allowed_to_differ(n),
        severity="fail",
        # how many were asked is the clock's doing: the usual record does not depend on it
        detail=f"{count} of {n} unaltered items {what}, {allowed_to_differ(n)} may" if count else f"no item {what}",
    )


def _close(first: Array, second: Array) -> Array:
    return np.isclose(first, second, rtol=RELATIVE, atol=ABSOLUTE)
