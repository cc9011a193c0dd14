"""What metrics compute from class scores, with everything that resampling need not repeat done once."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

OnItems = Callable[["NDArray[np.intp]"], float]
"""The figure of the items at the given indices."""

_BINS = 15


def auc(targets: NDArray[np.integer[Any]], rows: NDArray[np.float64]) -> OnItems:
    """Average over the classes present the chance that a member outscores a non-member, ties half.

    Items of a class with equal scores are one step of its ROC curve; a resample changes the steps' heights only.
    """
    import numpy as np

    return auc_of_labels(targets[:, None] == np.arange(rows.shape[1]), rows)


def auc_of_labels(members: NDArray[Any], rows: NDArray[np.floating[Any]]) -> OnItems:
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


def log_loss(targets: NDArray[np.integer[Any]], rows: NDArray[np.float64]) -> OnItems:
    """Average the negative logarithm of what each item's class was given."""
    import numpy as np

    chosen = rows[np.arange(len(targets)), targets]
    losses = -np.log(np.clip(chosen, np.finfo(np.float64).eps, 1))
    return lambda items: float(losses[items].mean())


def calibration_error(targets: NDArray[np.integer[Any]], rows: NDArray[np.float64]) -> OnItems:
    """Average the gap between confidence and accuracy over 15 equal bins of confidence, weighted by their items."""
    import numpy as np

    confidence = rows.max(axis=1)
    gaps = confidence - (rows.argmax(axis=1) == targets)
    bins = np.minimum((confidence * _BINS).astype(np.intp), _BINS - 1)
    return lambda items: float(np.abs(np.bincount(bins[items], gaps[items], _BINS)).sum() / len(items))
