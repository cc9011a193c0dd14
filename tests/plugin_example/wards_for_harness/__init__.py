"""Metrics for a course whose classes have an order: how many answers are nearly right, and how far off they are."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness import Metric, Predictions


def _is_close(targets: Any, predictions: Predictions) -> NDArray[np.bool_]:
    return np.abs(np.asarray(targets) - np.asarray(predictions.values)) <= 1


def _share_of_close(targets: Any, predictions: Predictions) -> float:
    return float(_is_close(targets, predictions).mean())


def _mean_steps(targets: Any, predictions: Predictions) -> float:
    return float(np.abs(np.asarray(targets) - np.asarray(predictions.values)).mean())


within_one_step = Metric(
    "within one step", _share_of_close, higher_is_better=True, outcomes=_is_close, kinds=("classification", "ordinal")
)

mean_steps = Metric(
    "mean steps", _mean_steps, higher_is_better=False, bounds=(0, math.inf), kinds=("classification", "ordinal")
)
