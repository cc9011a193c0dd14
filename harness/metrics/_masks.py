"""Metrics of masks: their overlap, image by image."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from harness.contract import Metric, Predictions

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def dice_of_items(targets: NDArray[Any], masks: NDArray[Any]) -> NDArray[np.float64]:
    """Return (N,) 2|A ∩ B| / (|A| + |B|) of the foregrounds (Dice 1945, Ecology 26:297); 1 if both are empty."""
    both, either = _areas(targets, masks)
    return _ratio(2 * both, both + either)


def iou_of_items(targets: NDArray[Any], masks: NDArray[Any]) -> NDArray[np.float64]:
    """Return (N,) |A ∩ B| / |A ∪ B| of the foregrounds (Jaccard 1901); 1 if both are empty."""
    return _ratio(*_areas(targets, masks))


def _areas(targets: NDArray[Any], masks: NDArray[Any]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    import numpy as np

    pairs = [(target > 0, mask > 0) for target, mask in zip(targets, masks, strict=True)]
    both = [np.count_nonzero(true & found) for true, found in pairs]
    return np.array(both, np.float64), np.array([np.count_nonzero(true | found) for true, found in pairs], np.float64)


def _ratio(part: NDArray[np.float64], whole: NDArray[np.float64]) -> NDArray[np.float64]:
    import numpy as np

    return np.divide(part, whole, out=np.ones_like(part), where=whole > 0)


def _mean_of_items(name: str, of_items: Callable[[Any, Any], NDArray[np.float64]]) -> Metric:
    def resampler(targets: Any, predictions: Predictions) -> Callable[[NDArray[np.intp]], float]:
        values = of_items(targets, predictions.values)
        return lambda items: float(values[items].mean())

    return Metric(
        name,
        lambda targets, predictions: float(of_items(targets, predictions.values).mean()),
        higher_is_better=True,
        resampler=resampler,
        kinds=("segmentation",),
        bounds=(0, 1),
    )


dice = _mean_of_items("dice", dice_of_items)
"""Dice coefficient of the foreground, mean over the images."""
iou = _mean_of_items("iou", iou_of_items)
"""Intersection over union of the foreground, mean over the images."""
