"""Metrics of the outlines of masks, image by image, in pixels (Taha & Hanbury 2015, BMC Med. Imaging 15:29)."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from harness.contract import Metric, Predictions

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def surface_distances(true: NDArray[Any], found: NDArray[Any]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the distance of each pixel of either outline from the other outline.

    The outline of a foreground consists of its pixels that share an edge with the background or with the border of the
    image. Neither foreground may be empty.
    """
    from scipy.ndimage import binary_erosion, distance_transform_edt

    outlines = [mask & ~binary_erosion(mask) for mask in (true > 0, found > 0)]
    first, second = (distance_transform_edt(~outline) for outline in outlines)
    return second[outlines[0]], first[outlines[1]]


def hausdorff_of_image(true: NDArray[Any], found: NDArray[Any]) -> float:
    """Return the larger of the 95th percentiles of both distances.

    It is 0 if neither mask has a foreground, and the diagonal of the image if only one of them has none.
    """
    import numpy as np

    if not (true > 0).any() or not (found > 0).any():
        return 0.0 if (true > 0).any() == (found > 0).any() else float(np.hypot(*true.shape))
    return max(float(np.percentile(distances, 95)) for distances in surface_distances(true, found))


def surface_dice_of_image(true: NDArray[Any], found: NDArray[Any], tolerance: float) -> float:
    """Return the share of both outlines within `tolerance` of the other one.

    It is 1 if neither mask has a foreground, and 0 if only one of them has none.
    """
    if not (true > 0).any() or not (found > 0).any():
        return float((true > 0).any() == (found > 0).any())
    first, second = surface_distances(true, found)
    return float(((first <= tolerance).sum() + (second <= tolerance).sum()) / (len(first) + len(second)))


def normalised_surface_distance(tolerance: float) -> Metric:
    """Return the share of outlines within `tolerance` pixels of each other (Nikolov et al. 2021, JMIR 23:e26151).

    Parameters
    ----------
    tolerance : float
        The tolerated distance in pixels.

    Returns
    -------
    Metric
        The metric.
    """
    return _mean_of_images(
        f"surface_distance_within_{tolerance:g}",
        lambda true, found: surface_dice_of_image(true, found, tolerance),
        higher_is_better=True,
        bounds=(0, 1),
    )


def _mean_of_images(
    name: str,
    of_image: Callable[[Any, Any], float],
    *,
    higher_is_better: bool,
    unit: str = "",
    bounds: tuple[float, float] | None = None,
) -> Metric:
    def values(targets: Any, predictions: Predictions) -> NDArray[np.float64]:
        import numpy as np

        return np.array([of_image(true, found) for true, found in zip(targets, predictions.values, strict=True)])

    def resampler(targets: Any, predictions: Predictions) -> Callable[[NDArray[np.intp]], float]:
        of_images = values(targets, predictions)
        return lambda images: float(of_images[images].mean())

    return Metric(
        name,
        lambda targets, predictions: float(values(targets, predictions).mean()),
        higher_is_better,
        unit,
        resampler=resampler,
        kinds=("segmentation",),
        bounds=bounds,
    )


hausdorff_95 = _mean_of_images("hausdorff_95", hausdorff_of_image, higher_is_better=False, unit="pixels")
"""95th percentile of the distances between outlines (Huttenlocher et al. 1993, PAMI 15:850), mean over images."""
