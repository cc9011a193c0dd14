"""How far masks overlap, image by image."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def dice_of_items(targets: NDArray[Any], masks: NDArray[Any]) -> NDArray[np.float64]:
    """Return (N,) 2|A ∩ B| / (|A| + |B|) of the foregrounds (Dice 1945, Ecology 26:297); 1 where both are empty."""
    both, either = _areas(targets, masks)
    return _ratio(2 * both, both + either)


def iou_of_items(targets: NDArray[Any], masks: NDArray[Any]) -> NDArray[np.float64]:
    """Return (N,) |A ∩ B| / |A ∪ B| of the foregrounds (Jaccard 1901); 1 where both are empty."""
    return _ratio(*_areas(targets, masks))


def _areas(targets: NDArray[Any], masks: NDArray[Any]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    import numpy as np

    true, found = (array.reshape(len(array), -1) > 0 for array in (targets, masks))
    return (true & found).sum(axis=1, dtype=np.float64), (true | found).sum(axis=1, dtype=np.float64)


def _ratio(part: NDArray[np.float64], whole: NDArray[np.float64]) -> NDArray[np.float64]:
    import numpy as np

    return np.divide(part, whole, out=np.ones_like(part), where=whole > 0)
