"""Segmentation: each pixel has one class."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from harness.kinds._agreement import Agreement, Answers
from harness.kinds._drawing import ItemDrawing, draw_input
from harness.kinds._kind import (
    Accepted,
    Expected,
    Facts,
    Header,
    Kind,
    check_finite,
    describe_header,
    images,
    no_horizon,
)
from harness.kinds._unacceptable import UnacceptableError, describe

if TYPE_CHECKING:
    from numpy.typing import NDArray

_MAX_VALUE = (1 << 31) - 1
_FLIPPED_SHARE, _FLIPPED_LEAST = 0.005, 2
"""The number of pixels of a mask that rounding may flip: a share of the pixels that either mask marks, and at least the
second number."""


class Segmentation(Kind):
    """Targets are (N, H, W) integer masks; 0 is the background."""

    name = "segmentation"
    returns = "(N, H, W) integer masks, or float probabilities of the foreground"
    sample_model = """\
def fit(self, train, validation):
    masks = np.asarray(train.targets)
    self.shape, self.label = masks.shape[1:], np.bincount(masks.ravel()).argmax()  # the most frequent class

def predict(self, inputs):
    return np.full((len(inputs), *self.shape), self.label)
"""
    metrics = ("dice", "iou")

    def expectations(self, facts: Facts) -> Iterator[Expected]:
        yield images(facts)
        yield no_horizon(self.name, facts)

    def targets_problem(self, facts: Facts, inputs: Any, targets: Any) -> str | None:
        import numpy as np

        shape = (len(inputs), *np.shape(inputs)[1:3])
        if not isinstance(targets, np.ndarray) or targets.dtype.kind not in "iu" or targets.shape != shape:
            return f"targets are {describe(targets)}, expected integer masks {shape}"
        if targets.size and not targets.any():
            return "no mask has a foreground, expected some pixels other than 0"
        most = len(facts.classes) - 1 if facts.classes else _MAX_VALUE
        if targets.size and (targets.min() < 0 or targets.max() > most):
            return f"masks in [{targets.min()}, {targets.max()}], expected 0 to {most}"
        return None

    def form_problem(self, facts: Facts, n: int, item_shape: tuple[int, ...], headers: Sequence[Header]) -> str | None:
        first = headers[0]
        height, width = item_shape[:2]
        if first.shape == (n, height, width) and first.dtype.kind in "iuf":
            return None
        remedy = ""
        if first.shape == (n, height, width) and first.dtype.kind == "b":
            remedy = "; write .astype(int)"
        elif first.shape == (n, 1, height, width):
            remedy = "; write [:, 0] to drop the axis of channels"
        elif first.shape == (n, height, width, 1):
            remedy = "; write [..., 0] to drop the axis of channels"
        return f"{describe_header(first, n)}: expected ({n}, {height}, {width}) masks or probabilities{remedy}"

    def accept(self, facts: Facts, received: Any) -> Accepted:
        import numpy as np

        array: NDArray[Any] = received
        check_finite(array)
        low, high = array.min(initial=0), array.max(initial=0)
        if array.dtype.kind == "f":
            if low < 0 or high > 1:
                raise UnacceptableError(
                    f"predict returned probabilities in [{low:g}, {high:g}]: expected [0, 1]; write torch.sigmoid(...) "
                    "if they are logits"
                )
            return Accepted((array >= 0.5).astype(np.int64), array)
        most = len(facts.classes) - 1 if facts.classes else _MAX_VALUE
        if low < 0 or high > most:
            wrong = low if low < 0 else high
            raise UnacceptableError(f"predict returned the mask value {wrong}: expected 0 to {most}")
        return Accepted(array.astype(np.int64))

    def agreement(self, first: Answers, second: Answers, *, of_scores: bool = False) -> Agreement:
        """Compare masks after the threshold, regardless of how close the probabilities were."""
        import numpy as np

        # mask by mask, because what is computed of all of them together does not fit into the processor's caches
        pairs = list(zip(np.asarray(first.values), np.asarray(second.values), strict=True))
        flipped = np.array([np.count_nonzero(one != other) for one, other in pairs], np.int64)
        marked = np.array([np.count_nonzero((one != 0) | (other != 0)) for one, other in pairs], np.int64)
        differing = flipped > np.maximum(_FLIPPED_LEAST, _FLIPPED_SHARE * marked)
        return Agreement(differing, np.zeros(len(differing), bool))

    def perfect_predictions(self, facts: Facts, targets: Any) -> Accepted:
        import numpy as np

        return Accepted(np.asarray(targets, np.int64))

    def drawing(self, facts: Facts, item: Any, target: Any = None, answer: Accepted | None = None) -> ItemDrawing:
        """Draw both masks over the image."""
        import numpy as np

        masks: dict[str, Any] = {
            "truth_mask": None if target is None else np.asarray(target) != 0,
            "answer_mask": None if answer is None else np.asarray(answer.values) != 0,
        }
        words = ""
        if target is not None and answer is not None:
            words = (
                f"a mask of Dice {1 - float(_distances(masks['truth_mask'][None], masks['answer_mask'][None])[0]):.2f}"
            )
        return replace(draw_input(item), answer=words, **masks)

    def item_loss(self, targets: Any, answers: Answers) -> NDArray[Any] | None:
        """Return one minus the Dice coefficient of each image."""
        import numpy as np

        return _distances(np.asarray(targets) != 0, np.asarray(answers.values) != 0)


def _distances(truth: NDArray[Any], predicted: NDArray[Any]) -> NDArray[Any]:
    """Return one minus the Dice coefficient of each pair of masks, 0 for two empty masks."""
    import numpy as np

    pairs = list(zip(truth, predicted, strict=True))
    both = np.array([np.count_nonzero(one & other) for one, other in pairs], np.int64)
    marked = np.array([np.count_nonzero(one) + np.count_nonzero(other) for one, other in pairs], np.int64)
    distances: NDArray[Any] = 1 - np.where(marked == 0, 1.0, 2 * both / np.maximum(marked, 1))
    return distances
