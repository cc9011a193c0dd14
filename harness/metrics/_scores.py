"""Metrics of class scores. Everything that is the same for all resamples is computed once."""

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
"""A function that returns the value for the items at the given indices."""

_BINS = 15


def auc_of_items(targets: NDArray[np.integer[Any]], rows: NDArray[np.float64]) -> OnItems:
    """Return the area under the ROC curve, mean over the classes that occur.

    It is the probability that an item of the class has a higher score than another item; ties count half.
    """
    import numpy as np

    return auc_of_members(targets[:, None] == np.arange(rows.shape[1]), rows)


def auc_of_members(members: NDArray[Any], rows: NDArray[np.floating[Any]]) -> OnItems:
    """Return the same for items that may have several classes: `members` says which classes each item has.

    Items are sorted once by their score for each class; a resample only changes how often each item counts. Pairs are
    counted in whole numbers: a pair in order counts two, and a tie counts one.
    """
    import numpy as np

    order = np.argsort(rows, axis=0, kind="stable")
    inside = np.take_along_axis(members != 0, order, axis=0).T
    order, first, last = order.T.copy(), *_ends_of_ties(np.take_along_axis(rows, order, axis=0).T)
    is_tied = bool((first != last).any())

    def on_items(items: NDArray[np.intp]) -> float:
        every = np.bincount(items, minlength=len(members))[order]
        own = every * inside
        others = every - own
        reached = np.cumsum(others, axis=1)
        before = reached - others
        if is_tied:
            before, reached = np.take_along_axis(before, first, axis=1), np.take_along_axis(reached, last, axis=1)
        pairs = own.sum(axis=1) * others.sum(axis=1)
        in_order = (own * (before + reached)).sum(axis=1)
        return float((in_order[pairs > 0] / (2 * pairs[pairs > 0])).mean()) if pairs.any() else 0.5

    return on_items


def _ends_of_ties(rows: NDArray[Any]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return for each score in sorted (K, N) `rows` the first and the last position of equal scores."""
    import numpy as np

    places = np.broadcast_to(np.arange(rows.shape[1]), rows.shape)
    differs = rows[:, 1:] != rows[:, :-1]
    edge = np.ones((len(rows), 1), bool)
    first = np.maximum.accumulate(np.where(np.hstack([edge, differs]), places, 0), axis=1)
    ends = np.where(np.hstack([differs, edge]), places, rows.shape[1])
    last = np.minimum.accumulate(ends[:, ::-1], axis=1)[:, ::-1]
    return first, last


def log_loss_of_items(targets: NDArray[np.integer[Any]], rows: NDArray[np.float64]) -> OnItems:
    """Return the mean negative logarithm of the probability of each item's class."""
    import numpy as np

    chosen = rows[np.arange(len(targets)), targets]
    losses = -np.log(np.clip(chosen, np.finfo(np.float64).eps, 1))
    return lambda items: float(losses[items].mean())


def calibration_error_of_items(targets: NDArray[np.integer[Any]], rows: NDArray[np.float64]) -> OnItems:
    """Return the mean difference of confidence and accuracy in 15 equal bins of confidence, weighted by their items."""
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
        return figure(targets, probabilities(predictions.scores))  # raw outputs of different items are not comparable

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

With few items it is biased upwards, most for well calibrated models, whose intervals then rarely contain the true value
(in 0 to 42 % of simulated samples); its intervals are therefore marked as approximate.
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
"""Mean area under the ROC curve over the classes that some but not all items have; 0.5 if there is no such class."""
