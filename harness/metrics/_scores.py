"""Metrics of class scores. What is the same for every resample is computed once."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from harness.contract import Metric, Predictions
from harness.kinds import probabilities

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

OnItems = Callable[["NDArray[np.intp]"], float]
"""The figure of the items at the given indices."""

_BINS = 15


def auc_of_items(targets: NDArray[np.integer[Any]], rows: NDArray[np.float64]) -> OnItems:
    """Average over the classes present the chance that a member outscores a non-member, ties half.

    Items of a class with equal scores are one step of its ROC curve; a resample changes the steps' heights only.
    """
    import numpy as np

    return auc_of_members(targets[:, None] == np.arange(rows.shape[1]), rows)


def auc_of_members(members: NDArray[Any], rows: NDArray[np.floating[Any]]) -> OnItems:
    """Average the same over classes of which an item may have several; `members` tells of each item which."""
    import numpy as np

    curves = [(members[:, label], np.unique(rows[:, label], return_inverse=True)[1]) for label in range(rows.shape[1])]

    def on_items(items: NDArray[np.intp]) -> float:
        times = np.bincount(items, minlength=len(members)).astype(float)
        heights = [(np.bincount(steps, times * inside), np.bincount(steps, times)) for inside, steps in curves]
        areas = [area for inside, every in heights if (area := _area(inside, every - inside)) is not None]
        return float(np.mean(areas)) if areas else 0.5

    return on_items


def _area(inside: NDArray[Any], outside: NDArray[Any]) -> float | None:
    """Return the area under a ROC curve with these members and non-members at each step, lowest scores first."""
    import numpy as np

    pairs = inside.sum() * outside.sum()
    if not pairs:
        return None
    return float((inside * (np.cumsum(outside) - outside / 2)).sum() / pairs)


def log_loss_of_items(targets: NDArray[np.integer[Any]], rows: NDArray[np.float64]) -> OnItems:
    """Average the negative logarithm of what each item's class was given."""
    import numpy as np

    chosen = rows[np.arange(len(targets)), targets]
    losses = -np.log(np.clip(chosen, np.finfo(np.float64).eps, 1))
    return lambda items: float(losses[items].mean())


def calibration_error_of_items(targets: NDArray[np.integer[Any]], rows: NDArray[np.float64]) -> OnItems:
    """Average the gap between confidence and accuracy over 15 equal bins of confidence, weighted by their items."""
    import numpy as np

    confidence = rows.max(axis=1)
    gaps = confidence - (rows.argmax(axis=1) == targets)
    bins = np.minimum((confidence * _BINS).astype(np.intp), _BINS - 1)
    return lambda items: float(np.abs(np.bincount(bins[items], gaps[items], _BINS)).sum() / len(items))


def _of_scores(
    name: str, figure: Callable[[Any, Any], OnItems], *, higher_is_better: bool, most: float, unit: str = ""
) -> Metric:
    def resampler(targets: Any, predictions: Predictions) -> OnItems:
        assert predictions.scores is not None
        return figure(targets, probabilities(predictions.scores))  # raw outputs compare within an item only

    return Metric(
        name,
        lambda targets, predictions: resampler(targets, predictions)(_every(targets)),
        higher_is_better,
        unit,
        of="scores",
        resampler=resampler,
        kinds=("classification",),
        bounds=(0, most),
    )


def _macro_auc_of_labels(targets: Any, predictions: Predictions) -> OnItems:
    assert predictions.scores is not None
    return auc_of_members(targets, predictions.scores)


def _every(targets: Any) -> NDArray[np.intp]:
    import numpy as np

    return np.arange(len(targets))


auc = _of_scores("auc", auc_of_items, higher_is_better=True, most=1)
"""One-vs-rest area under the ROC curve, macro average (Hanley & McNeil 1982, Radiology 143:29; Fawcett 2006)."""
log_loss = _of_scores("log_loss", log_loss_of_items, higher_is_better=False, most=math.inf, unit="nats")
"""Mean negative log-likelihood (Good 1952, J. R. Stat. Soc. B 14:107)."""
calibration_error = replace(
    _of_scores("calibration_error", calibration_error_of_items, higher_is_better=False, most=1), approximate=True
)
"""Expected calibration error with 15 bins (Naeini et al. 2015, AAAI; Guo et al. 2017, ICML).

It is biased upwards on few items, most for models that are well calibrated, whose intervals then rarely hold the truth
(in 0 to 30 % of simulated samples); its intervals are therefore marked approximate.
"""
macro_auc_of_labels = Metric(
    "macro_auc_of_labels",
    lambda targets, predictions: _macro_auc_of_labels(targets, predictions)(_every(targets)),
    higher_is_better=True,
    of="scores",
    resampler=_macro_auc_of_labels,
    kinds=("multilabel",),
    bounds=(0, 1),
)
"""Mean area under the ROC curve over the classes that some items have and some have not; 0.5 where there is none."""
