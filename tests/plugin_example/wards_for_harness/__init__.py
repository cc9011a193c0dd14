"""A metric for a course: the share of answers that are at most one class off."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness import Metric, Predictions


def _is_close(targets: Any, predictions: Predictions) -> NDArray[np.bool_]:
    return np.abs(np.asarray(targets) - np.asarray(predictions.values)) <= 1


def _share_of_close(targets: Any, predictions: Predictions) -> float:
    return float(_is_close(targets, predictions).mean())


within_one_step = Metric(
    "within one step", _share_of_close, higher_is_better=True, outcomes=_is_close, kinds=("classification",)
)
