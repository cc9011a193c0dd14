"""Metrics of boxes: average precision by torchmetrics, with resamples that reuse the matches of boxes.

Boxes are only matched to boxes of the same image, so a resample of images needs no new matching.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from harness._version import extra
from harness.contract import Metric, Predictions
from harness.errors import InfrastructureError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

OVERLAP = 0.5
_MOST = 100  # detections per image and class, as for COCO


COCO_OVERLAPS = tuple(round(0.5 + 0.05 * step, 2) for step in range(10))
"""IoU 0.5 to 0.95 in steps of 0.05."""
FALSE_ALARMS = (1 / 8, 1 / 4, 1 / 2, 1, 2, 4, 8)
"""The false alarms per image at which LUNA16 reads the FROC curve."""


def average_precisions(
    targets: Sequence[NDArray[Any]], boxes: Sequence[NDArray[Any]], overlaps: Sequence[float] = (OVERLAP,)
) -> dict[int, float]:
    """Return the average precision of each class in `targets`, by torchmetrics (COCO's 101 points).

    It is the mean over `overlaps`, the smallest IoUs at which a box counts as correct.

    `targets` are (k, 5) x1, y1, x2, y2, class; `boxes` are (k, 6), with the score before the class.
    """
    import torch

    MeanAveragePrecision = _of_torchmetrics()  # noqa: N806 - a class
    metric = MeanAveragePrecision(  # its default recalls are float32, in which 3 of 5 is below 0.6
        iou_thresholds=list(overlaps), rec_thresholds=_recalls().tolist(), class_metrics=True
    )
    metric.update(
        [
            {
                "boxes": torch.tensor(_upright(found), dtype=torch.float64),
                "scores": torch.tensor(found[:, 4], dtype=torch.float64),
                "labels": torch.tensor(found[:, 5], dtype=torch.int64),
            }
            for found in boxes
        ],
        [
            {
                "boxes": torch.tensor(true[:, :4], dtype=torch.float64),
                "labels": torch.tensor(true[:, 4], dtype=torch.int64),
            }
            for true in targets
        ],
    )
    result = metric.compute()
    classes, values = result["classes"].reshape(-1).tolist(), result["map_per_class"].reshape(-1).tolist()
    return {int(label): float(value) for label, value in zip(classes, values, strict=True) if value >= 0}


def _of_torchmetrics() -> Any:
    """Return the mean average precision of torchmetrics, which only tasks of detection need.

    Raises:
        InfrastructureError: torchmetrics or the COCO tools that it uses are not installed.
    """
    from harness.programs import away_from_here

    try:
        with away_from_here():
            import pycocotools  # noqa: F401 - torchmetrics needs it later, and would raise a different error
            from torchmetrics.detection import MeanAveragePrecision
    except ModuleNotFoundError as error:
        missing = f"metrics of boxes need {error.name}, which is not installed"
        raise InfrastructureError(f"{missing}: {extra('detection')}") from error
    return MeanAveragePrecision


def _recalls() -> NDArray[np.float64]:
    import numpy as np

    return np.linspace(0, 1, 101)


def _upright(boxes: NDArray[Any]) -> NDArray[Any]:
    """Return boxes with an area of 0 instead of a negative one, which COCO would ignore."""
    import numpy as np

    return np.hstack([boxes[:, :2], np.maximum(boxes[:, :2], boxes[:, 2:4])])


@dataclass(frozen=True, eq=False)
class Matches:
    """The M predicted boxes of one class in all images, by falling score, and whether each is correct.

    A resample only changes how often an image counts, so nothing has to be sorted again.
    """

    scores: NDArray[np.float64]
    right: NDArray[np.bool_]
    """(O, M): whether each box is correct, for each of O smallest overlaps."""
    image: NDArray[np.intp]
    """The image of each box."""
    counts: NDArray[np.intp]
    """(N,) the number of true boxes in each image."""

    def average_precision(self, images: NDArray[np.intp]) -> float | None:
        """Return the mean over overlaps on `images`, counting repeated ones again; None if there are no true boxes."""
        import numpy as np

        total, found, given = self._cumulated(images)
        if not total:
            return None
        precision = np.divide(found, given, out=np.zeros(found.shape), where=given > 0)
        precision = np.maximum.accumulate(precision[:, ::-1], axis=1)[:, ::-1]
        recalls = _recalls()
        values = [
            np.append(row, 0.0)[np.searchsorted(shares, recalls, side="left")].mean()
            for row, shares in zip(precision, found / total, strict=True)
        ]
        return float(np.mean(values))

    def sensitivity_at_false_alarms(self, images: NDArray[np.intp]) -> float | None:
        """Return the mean sensitivity over `FALSE_ALARMS` per image, for the first overlap.

        It is None if there are no true boxes.
        """
        import numpy as np

        total, of_overlaps, given = self._cumulated(images)
        if not total:
            return None
        found = of_overlaps[0]
        last = np.append(np.flatnonzero(np.diff(self.scores)), len(found) - 1) if len(found) else np.zeros(0, int)
        wrong = (given - found)[last]
        shares = [found[last][wrong <= rate * len(images)].max(initial=0) / total for rate in FALSE_ALARMS]
        return float(np.mean(shares))

    def _cumulated(self, images: NDArray[np.intp]) -> tuple[int, NDArray[np.intp], NDArray[np.intp]]:
        """Return the number of true boxes in `images`, and the cumulated numbers of correct and of predicted boxes."""
        import numpy as np

        times = np.bincount(images, minlength=len(self.counts))
        of_boxes = times[self.image]
        return int(times @ self.counts), np.cumsum(of_boxes * self.right, axis=1), np.cumsum(of_boxes)


def match(
    targets: Sequence[NDArray[Any]],
    boxes: Sequence[NDArray[Any]],
    label: int,
    overlaps: Sequence[float] = (OVERLAP,),
) -> Matches:
    """Match the boxes of class `label` by falling score, each to the free target that it overlaps most."""
    import numpy as np

    scores, right, counts = [np.zeros(0)], [np.zeros((len(overlaps), 0), bool)], []
    for true, found in zip(targets, boxes, strict=True):
        wanted = true[true[:, 4] == label, :4]
        given = found[found[:, 5] == label]
        given = given[np.argsort(-given[:, 4], kind="stable")][:_MOST]
        scores.append(given[:, 4].astype(np.float64))
        found_at = _overlaps(given[:, :4], wanted)
        right.append(np.array([_matched(found_at, least) for least in overlaps]))
        counts.append(len(wanted))
    image = np.repeat(np.arange(len(counts)), [len(of_image) for of_image in scores[1:]])
    every = np.concatenate(scores)
    order = np.argsort(-every, kind="stable")
    return Matches(every[order], np.hstack(right)[:, order], image[order], np.array(counts, np.intp))


def resampled_mean(
    targets: Sequence[NDArray[Any]],
    boxes: Sequence[NDArray[Any]],
    labels: Sequence[int],
    overlaps: Sequence[float] = (OVERLAP,),
) -> Callable[[NDArray[np.intp]], float]:
    """Return a function that computes the mean average precision over occurring `labels` on a resample of images."""
    matches = [match(targets, boxes, label, overlaps) for label in labels]

    def mean(images: NDArray[np.intp]) -> float:
        values = [value for one in matches if (value := one.average_precision(images)) is not None]
        return sum(values) / len(values) if values else 0.0

    return mean


def _overlaps(first: NDArray[Any], second: NDArray[Any]) -> NDArray[np.float64]:
    """Return (k, l) intersection over union."""
    import numpy as np

    low = np.maximum(first[:, None, :2], second[None, :, :2])
    high = np.minimum(first[:, None, 2:], second[None, :, 2:])
    both = np.prod(np.clip(high - low, 0, None), axis=2)
    areas = [np.prod(np.clip(box[:, 2:] - box[:, :2], 0, None), axis=1) for box in (first, second)]
    either = areas[0][:, None] + areas[1][None] - both
    overlaps = np.zeros(both.shape)
    np.divide(both, either, out=overlaps, where=either > 0)
    return overlaps


def _matched(overlaps: NDArray[np.float64], least: float) -> NDArray[np.bool_]:
    """Return which rows are matched, if they are matched in order and each column only once."""
    import numpy as np

    left = overlaps.copy()
    right = np.zeros(len(left), bool)
    for row in range(len(left)):
        best = int(left[row].argmax()) if left.shape[1] else -1
        if best >= 0 and left[row, best] >= least:
            right[row] = True
            left[:, best] = -1
    return right


def _labels_of(targets: Any) -> list[int]:
    return sorted({int(label) for boxes in targets for label in boxes[:, 4]})


def _mean_average_precision(targets: Any, predictions: Predictions) -> float:
    values = average_precisions(targets, predictions.values).values()
    return sum(values) / len(values) if values else 0.0


mean_average_precision = Metric(
    "map50",
    _mean_average_precision,
    higher_is_better=True,
    resampler=lambda targets, predictions: resampled_mean(targets, predictions.values, _labels_of(targets)),
    kinds=("detection",),
    bounds=(0, 1),
)
"""Average precision at IoU 0.5, mean over the classes (Everingham et al. 2010, IJCV 88:303; COCO's interpolation)."""


def _coco_average_precision(targets: Any, predictions: Predictions) -> float:
    values = average_precisions(targets, predictions.values, COCO_OVERLAPS).values()
    return sum(values) / len(values) if values else 0.0


coco_average_precision = Metric(
    "map50_95",
    _coco_average_precision,
    higher_is_better=True,
    resampler=lambda targets, predictions: resampled_mean(
        targets, predictions.values, _labels_of(targets), COCO_OVERLAPS
    ),
    kinds=("detection",),
    bounds=(0, 1),
)
"""Average precision, mean over the classes and over IoU 0.5 to 0.95 (Lin et al. 2014, ECCV: COCO)."""


def _free_response(targets: Any, predictions: Predictions) -> Callable[[NDArray[np.intp]], float]:
    matches = [match(targets, predictions.values, label) for label in _labels_of(targets)]

    def mean(images: NDArray[np.intp]) -> float:
        values = [value for one in matches if (value := one.sensitivity_at_false_alarms(images)) is not None]
        return sum(values) / len(values) if values else 0.0

    return mean


def _froc(targets: Any, predictions: Predictions) -> float:
    import numpy as np

    return _free_response(targets, predictions)(np.arange(len(targets)))


froc = Metric("froc", _froc, higher_is_better=True, resampler=_free_response, kinds=("detection",), bounds=(0, 1))
"""Sensitivity at IoU 0.5 with 1/8 to 8 false alarms per image, mean over these seven rates and the classes.

Bunch et al. 1977, Proc. SPIE 127:124; the rates are those of LUNA16 (Setio et al. 2017, Med. Image Anal. 42:1).
"""


def average_precision(label: int, name: str) -> Metric:
    """Return the metric ``ap50_<name>``, the average precision of one class at IoU 0.5.

    Parameters
    ----------
    label : int
        The class.
    name : str
        The name of the class, for the name of the metric.

    Returns
    -------
    Metric
        The metric.
    """
    return Metric(
        f"ap50_{name}",
        lambda targets, predictions: average_precisions(targets, predictions.values).get(label, 0.0),
        higher_is_better=True,
        resampler=lambda targets, predictions: resampled_mean(targets, predictions.values, [label]),
        kinds=("detection",),
        bounds=(0, 1),
    )
