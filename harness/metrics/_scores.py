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
    """Average over the classes present the chance that a member outscores a non-member, ties half."""
    import numpy as np

    return auc_of_members(targets[:, None] == np.arange(rows.shape[1]), rows)


def auc_of_members(members: NDArray[Any], rows: NDArray[np.floating[Any]]) -> OnItems:
    """Average the same over classes of which an item may have several; `members` tells of each item which.

    Items are sorted once by their score for each class; a resample changes only how often each of them counts. All is
    counted in whole numbers: the pairs that are in order twice, so that ties are one.
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
    """Return the first and the last place of the scores that are equal to each one, in sorted (K, N) `rows`."""
    import numpy as np

    places = np.broadcast_to(np.arange(rows.shape[1]), rows.shape)
    differs = rows[:, 1:] != rows[:, :-1]
    edge = np.ones((len(rows), 1), bool)
    first = np.maximum.accumulate(np.where(np.hstack([edge, differs]), places, 0), axis=1)
    ends = np.where(np.hstack([differs, edge]), places, rows.shape[1])
    last = np.minimum.accumulate(ends[:, ::-1], axis=1)[:, ::-1]
    return first, last


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
(in 0 to 42 % of simulated samples); its intervals are therefore marked approximate.
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
