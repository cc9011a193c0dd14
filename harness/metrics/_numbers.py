"""Metrics of numbers, for regression and forecasting."""

from __future__ import annotations

import math
from typing import Any

from harness.contract import Metric, Predictions

_NUMBERS = ("forecasting", "regression")


def _mean_absolute_error(targets: Any, predictions: Predictions) -> float:
    return float(abs(predictions.values - targets).mean())


def _within_15_percent(targets: Any, predictions: Predictions) -> float:
    return float((abs(predictions.values - targets) <= 0.15 * abs(targets)).mean())


def _root_mean_squared_error(targets: Any, predictions: Predictions) -> float:
    return math.sqrt(float(((predictions.values - targets) ** 2).mean()))


def _r_squared(targets: Any, predictions: Predictions) -> float:
    """Return the same as scikit-learn's r2_score of all numbers together, but 0 if the targets do not vary."""
    total = float(((targets - targets.mean()) ** 2).sum())
    return 1 - float(((predictions.values - targets) ** 2).sum()) / total if total else 0.0


mean_absolute_error = Metric(
    "mean_absolute_error", _mean_absolute_error, higher_is_better=False, kinds=_NUMBERS, bounds=(0, math.inf)
)
"""Mean absolute difference over all numbers; a task sets its unit with `dataclasses.replace`."""
within_15_percent = Metric(
    "within_15_percent", _within_15_percent, higher_is_better=True, kinds=_NUMBERS, bounds=(0, 1)
)
"""Share of predictions within 15 % of the target, the criterion of ISO 15197 for glucose meters."""
root_mean_squared_error = Metric(
    "root_mean_squared_error", _root_mean_squared_error, higher_is_better=False, kinds=_NUMBERS, bounds=(0, math.inf)
)
"""Root of the mean squared difference over all numbers, in the unit of the targets."""
r_squared = Metric("r_squared", _r_squared, higher_is_better=True, kinds=_NUMBERS)
"""Share of the targets' variance that is explained; 0 for predictions of their mean, and for constant targets."""
