"""Detection: boxes around objects, each of one class."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

from harness.kinds._agreement import RELATIVE, ROUNDING, Agreement, Answers, spread
from harness.kinds._drawing import DrawnBox, ItemDrawing, draw_input, named
from harness.kinds._kind import (
    FINITE,
    Accepted,
    Expected,
    Facts,
    Header,
    Kind,
    check_magnitude,
    describe_header,
    enough_classes,
    images,
    no_horizon,
)
from harness.kinds._unacceptable import UnacceptableError, describe

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MAX_BOXES_PER_IMAGE = 1_000
_TIED = 10
"""One of this number of boxes of an image may differ because of a tie."""


class Detection(Kind):
    """Targets are a list with one (k, 5) float array per image: x1, y1, x2, y2 in pixels, class."""

    name = "detection"
    returns = "a list of N float arrays (k, 6): x1, y1, x2, y2 in pixels, score, class"
    sample_model = """\
def fit(self, train, validation):
    pass

def predict(self, inputs):
    return [np.zeros((0, 6), np.float32) for _ in inputs]  # no boxes; a row would be x1, y1, x2, y2, score, class
"""
    form = "boxes"
    metrics = ("mean_average_precision",)

    def expectations(self, facts: Facts) -> Iterator[Expected]:
        yield enough_classes(self.name, facts)
        yield images(facts)
        yield no_horizon(self.name, facts)

    def targets_problem(self, facts: Facts, inputs: Any, targets: Any) -> str | None:
        import numpy as np

        if not isinstance(targets, list):
            return f"targets are {describe(targets)}, expected a list with one (k, 5) float array per image"
        problems = (_boxes_problem(facts, number, boxes) for number, boxes in enumerate(targets))
        return next(filter(None, problems), None) or _places_problem(np.shape(inputs)[1:3], targets)

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

    def agreement(self, first: Answers, second: Answers, *, of_scores: bool = False) -> Agreement:
        """Compare the boxes of each image as sets; a small share may differ because of ties."""
        import numpy as np

        tolerance = _Tolerance.between(first.values, second.values)
        pairs = zip(first.values, second.values, strict=True)
        differing = np.array([not _same_boxes(one, other, tolerance) for one, other in pairs], bool)
        return Agreement(differing, np.zeros(len(differing), bool))

    def perfect_predictions(self, facts: Facts, targets: Any) -> Accepted:
        import numpy as np

        return Accepted([np.insert(boxes, 4, 1.0, axis=1) for boxes in targets])

    def drawing(self, facts: Facts, item: Any, target: Any = None, answer: Accepted | None = None) -> ItemDrawing:
        """Draw the true boxes, and the predicted boxes with at least half of the highest score."""
        boxes = [] if target is None else [_drawn(facts, "truth", box, box[4]) for box in target]
        words = "" if answer is None else f"{len(answer.values)} boxes"
        if answer is not None and len(answer.values):
            sure = answer.values[answer.values[:, 4] >= answer.values[:, 4].max() / 2]
            boxes += [_drawn(facts, "answer", box, box[5]) for box in sure[:_MOST_DRAWN]]
            words = f"{len(sure)} boxes with at least half of the highest score"
        truth = "" if target is None else f"{len(target)} boxes"
        return replace(draw_input(item), boxes=tuple(boxes), truth=truth, answer=words)

    def item_loss(self, targets: Any, answers: Answers) -> NDArray[Any] | None:
        """Return one minus the share of boxes, true and predicted, that overlap with a partner of the same class."""
        import numpy as np

        return np.array([_unpaired(one, other) for one, other in zip(targets, answers.values, strict=True)], float)


_MOST_DRAWN, _OVERLAP = 100, 0.5


def _drawn(facts: Facts, role: str, box: NDArray[Any], label: float) -> DrawnBox:
    x1, y1, x2, y2 = (float(number) for number in box[:4])
    return DrawnBox(role, (x1, y1, x2, y2), named(facts.classes, label))


def _unpaired(truth: NDArray[Any], predicted: NDArray[Any]) -> float:
    import numpy as np

    if len(predicted):
        predicted = predicted[predicted[:, 4] >= predicted[:, 4].max() / 2]
    if not len(truth) or not len(predicted):
        return float(len(truth) + len(predicted) > 0)
    low = np.maximum(truth[:, None, :2], predicted[None, :, :2])
    high = np.minimum(truth[:, None, 2:4], predicted[None, :, 2:4])
    common = np.clip(high - low, 0, None).prod(axis=2)
    areas = [(boxes[:, 2:4] - boxes[:, :2]).clip(0).prod(axis=1) for boxes in (truth, predicted)]
    union = areas[0][:, None] + areas[1][None] - common
    alike = (common >= _OVERLAP * union) & (truth[:, None, 4] == predicted[None, :, 5])
    paired = min(int(alike.any(axis=1).sum()), int(alike.any(axis=0).sum()))
    return 1 - 2 * paired / (len(truth) + len(predicted))


def _boxes_problem(facts: Facts, number: int, boxes: Any) -> str | None:
    import numpy as np

    if not isinstance(boxes, np.ndarray) or boxes.dtype.kind != "f" or boxes.shape[1:] != (5,):
        return f"targets of image {number} have shape {np.shape(boxes)}, expected (k, 5) floats"
    if not np.isfinite(boxes).all():
        return f"image {number} has a box that is not finite"
    if not ((boxes[:, 0] < boxes[:, 2]) & (boxes[:, 1] < boxes[:, 3])).all():
        return f"image {number} has a box without area: expected x1 < x2 and y1 < y2"
    if not np.isin(boxes[:, 4], np.arange(len(facts.classes))).all():
        return f"image {number} has a box of unknown class: expected 0 to {len(facts.classes) - 1}"
    return None


def _places_problem(image: tuple[int, ...], targets: Sequence[NDArray[Any]]) -> str | None:
    """Return why boxes cannot be in pixels of images with the height and width `image`, or None."""
    import numpy as np

    height, width = image
    middles = [(boxes[:, :2] + boxes[:, 2:4]) / 2 for boxes in targets]
    for number, middle in enumerate(middles):
        if ((middle < 0) | (middle > (width, height))).any():
            return f"image {number} has a box outside its {height} × {width} pixels: expected pixels"
    corners = np.concatenate([np.zeros((0, 4)), *(boxes[:, :4] for boxes in targets)])
    if len(corners) and min(height, width) > 1 and corners.max() <= 1 and (corners % 1).any():
        return f"all boxes are in the first of {height} × {width} pixels: expected pixels, not shares of the image"
    return None


def _check_boxes(facts: Facts, number: int, boxes: NDArray[Any]) -> None:
    import numpy as np

    if len(boxes) > MAX_BOXES_PER_IMAGE:
        raise UnacceptableError(
            f"predict returned {len(boxes)} boxes for image {number}: expected at most {MAX_BOXES_PER_IMAGE} boxes each"
        )
    if not np.isfinite(boxes).all():
        raise UnacceptableError(f"predict returned a box that is not finite (image {number}): {FINITE}")
    check_magnitude(boxes, lambda _: f"image {number}")
    classes = boxes[:, 5]
    if ((classes < 0) | (classes >= len(facts.classes)) | (classes != np.floor(classes))).any():
        raise UnacceptableError(
            f"predict returned a box of unknown class (image {number}): expected 0 to {len(facts.classes) - 1}"
        )


class _Tolerance(NamedTuple):
    """How much two boxes may differ and still count as the same."""

    pixels: float
    """The tolerance of coordinates, which depends on the size of typical boxes."""
    score: float
    """The tolerance of scores, which depends on the spread of all scores."""

    @classmethod
    def between(cls, first: Sequence[NDArray[Any]], second: Sequence[NDArray[Any]]) -> _Tolerance:
        import numpy as np

        sides, scores = [], []
        for boxes in map(_stacked, (first, second)):
            lengths = np.minimum(boxes[:, 2] - boxes[:, 0], boxes[:, 3] - boxes[:, 1])
            sides.append(max(0.0, float(np.median(lengths))) if len(boxes) else 0.0)
            scores.append(spread(boxes[:, 4]))
        return cls(RELATIVE * min(sides), RELATIVE * min(scores))

    def allows(self, first: NDArray[Any], second: NDArray[Any]) -> NDArray[np.bool_]:
        """Return which rows, broadcast against each other, are the same box."""
        import numpy as np

        tolerance = np.array([self.pixels] * 4 + [self.score, 0.0])
        rounding = ROUNDING * np.maximum(np.abs(first), np.abs(second)) * [1, 1, 1, 1, 1, 0]
        return np.asarray((np.abs(first - second) <= tolerance + rounding).all(axis=-1), bool)

    def tied(self, scores: NDArray[Any], score: float) -> int:
        """Return how many of `scores` are nearly equal to `score`."""
        import numpy as np

        return int((np.abs(scores - score) <= self.score + ROUNDING * np.abs(scores)).sum())


def _stacked(boxes: Sequence[NDArray[Any]]) -> NDArray[Any]:
    import numpy as np

    return np.concatenate([np.zeros((0, 6)), *boxes])


def _same_boxes(first: NDArray[Any], second: NDArray[Any], tolerance: _Tolerance) -> bool:
    """Compare two sets of boxes in any order; of many boxes, a few may differ because of ties.

    Boxes with nearly equal scores change places from batch to batch, and non-maximum suppression keeps one or the
    other. So one box in ten may have no counterpart if another box of either set has nearly the same score.
    """
    import numpy as np

    if first.shape == second.shape and tolerance.allows(first, second).all():
        return True
    alike = tolerance.allows(first[:, None], second[None])
    matched = np.zeros(len(second), bool)
    without_match = []
    for row, candidates in enumerate(alike):
        free = np.flatnonzero(candidates & ~matched)
        if len(free):
            matched[free[0]] = True
        else:
            without_match.append(row)
    unmatched = (first[without_match], second[~matched])
    if max(map(len, unmatched)) * _TIED > max(len(first), len(second)):
        return False
    scores = np.concatenate([first[:, 4], second[:, 4]])
    return all(tolerance.tied(scores, float(box[4])) > 1 for boxes in unmatched for box in boxes)
