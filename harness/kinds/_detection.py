"""Detection: boxes around objects, each of one class."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from harness.kinds._kind import (
    Accepted,
    Expected,
    Facts,
    Header,
    Kind,
    UnacceptableError,
    check_magnitude,
    describe,
    describe_header,
    enough_classes,
    images,
    no_horizon,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

MAX_BOXES_PER_IMAGE = 1_000


class Detection(Kind):
    """Targets are a list with one (k, 5) float array an image: x1, y1, x2, y2 in pixels, class."""

    name = "detection"
    returns = "a list of N float arrays (k, 6): x1, y1, x2, y2 in pixels, score, class"
    sample_model = """\
def fit(self, train, validation):
    pass

def predict(self, inputs):
    return [np.zeros((0, 6), np.float32) for _ in inputs]  # no box at all: x1, y1, x2, y2, score, class
"""
    arrays = 2
    metrics = ("mean_average_precision",)

    def expectations(self, facts: Facts) -> Iterator[Expected]:
        yield enough_classes(self.name, facts)
        yield images(facts)
        yield no_horizon(self.name, facts)

    def targets_problem(self, facts: Facts, inputs: Any, targets: Any) -> str | None:
        if not isinstance(targets, list):
            return f"targets are {describe(targets)}, expected a list with one (k, 5) float array an image"
        problems = (_boxes_problem(facts, number, boxes) for number, boxes in enumerate(targets))
        return next(filter(None, problems), None)

    def plain(self, result: Any, to_array: Callable[[Any], NDArray[Any]]) -> Any:
        if not isinstance(result, list | tuple):
            raise UnacceptableError(
                f"predict returned {describe(result)}: expected a list with one (k, 6) float array per image, each row "
                "x1, y1, x2, y2, score, class"
            )
        return [_plain_boxes(boxes, to_array) for boxes in result]

    def form_problem(self, facts: Facts, n: int, item_shape: tuple[int, ...], headers: Sequence[Header]) -> str | None:
        first = headers[0]
        rows = first.shape[0] if first.shape else -1
        if first.shape != (rows, 6) or first.dtype.kind != "f" or rows > n * MAX_BOXES_PER_IMAGE:
            expected = f"expected (k, 6) floats per image, at most {MAX_BOXES_PER_IMAGE} boxes each"
            return f"{describe_header(first, n)}: {expected}"
        if headers[1].shape != (n,):
            return f"predict returned boxes for {headers[1].shape} images: expected {n}"
        return None

    def accept(self, facts: Facts, received: Any) -> Accepted:
        for number, boxes in enumerate(received):
            _check_boxes(facts, number, boxes)
        return Accepted(received)

    def all_right(self, facts: Facts, targets: Any) -> Accepted:
        import numpy as np

        return Accepted([np.insert(boxes, 4, 1.0, axis=1) for boxes in targets])


def _boxes_problem(facts: Facts, number: int, boxes: Any) -> str | None:
    import numpy as np

    if not isinstance(boxes, np.ndarray) or boxes.dtype.kind != "f" or boxes.shape[1:] != (5,):
        return f"targets of image {number} of shape {np.shape(boxes)}, expected (k, 5) floats"
    if not np.isfinite(boxes).all():
        return f"image {number} has a box that is not finite"
    if not ((boxes[:, 0] < boxes[:, 2]) & (boxes[:, 1] < boxes[:, 3])).all():
        return f"image {number} has a box without area: expected x1 < x2 and y1 < y2"
    if not np.isin(boxes[:, 4], np.arange(len(facts.classes))).all():
        return f"image {number} has a box of unknown class: expected 0 to {len(facts.classes) - 1}"
    return None


def _plain_boxes(result: Any, to_array: Callable[[Any], NDArray[Any]]) -> NDArray[Any]:
    import numpy as np

    if isinstance(result, dict):  # torchvision's own form
        raise UnacceptableError(
            "predict returned a dict for an image: expected (k, 6); of torchvision's join boxes, scores[:, None] and "
            "(labels - 1)[:, None] by torch.cat(..., dim=1)"
        )
    array = to_array(result).astype(np.float64)
    if array.size and (array.ndim != 2 or array.shape[1] != 6):
        raise UnacceptableError(f"predict returned boxes of shape {array.shape} for an image: expected (k, 6)")
    return array.reshape(-1, 6)


def _check_boxes(facts: Facts, number: int, boxes: NDArray[Any]) -> None:
    import numpy as np

    if len(boxes) > MAX_BOXES_PER_IMAGE:
        raise UnacceptableError(
            f"predict returned {len(boxes)} boxes for image {number}: expected at most {MAX_BOXES_PER_IMAGE} boxes each"
        )
    if not np.isfinite(boxes).all():
        raise UnacceptableError(f"predict returned a box that is not finite (image {number}): expected finite")
    check_magnitude(boxes, lambda _: f"image {number}")
    classes = boxes[:, 5]
    if ((classes < 0) | (classes >= len(facts.classes)) | (classes != np.floor(classes))).any():
        raise UnacceptableError(
            f"predict returned a box of unknown class (image {number}): expected 0 to {len(facts.classes) - 1}"
        )
