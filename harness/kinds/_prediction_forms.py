"""The forms in which predictions leave a worker.

A worker knows a kind of task by its form alone: it imports no kind of another package, and decides nothing about one.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from harness.kinds._unacceptable import UnacceptableError, describe

if TYPE_CHECKING:
    from numpy.typing import NDArray

ToArray = Callable[[Any], "NDArray[Any]"]


class PredictionForm(ABC):
    """How what `predict` returned becomes plain arrays."""

    arrays: ClassVar[int]
    """How many arrays carry the predictions: two where items have several lengths."""

    @abstractmethod
    def plain(self, result: Any, to_array: ToArray) -> Any:
        """Return `result` as an array, or as a list of arrays; `to_array` makes one of anything.

        Raises:
            UnacceptableError: it cannot be made one.
        """


class OneArray(PredictionForm):
    """One array, whose first axis counts the inputs."""

    arrays = 1

    def plain(self, result: Any, to_array: ToArray) -> Any:
        """Return the array."""
        return to_array(result)


class ArrayAnItem(PredictionForm):
    """A list of arrays, one an input, whose first axes may have any length and whose other axes are all alike."""

    arrays = 2

    def plain(self, result: Any, to_array: ToArray) -> Any:
        """Return the list, its arrays all of one type of number."""
        import numpy as np

        if not isinstance(result, list | tuple):
            raise UnacceptableError(f"predict returned {describe(result)}: expected a list with one array per input")
        pieces = [to_array(one) for one in result]
        for number, piece in enumerate(pieces):
            if piece.ndim == 0:
                raise UnacceptableError(f"predict returned a single number for input {number}: expected an array")
        beyond = next((piece.shape[1:] for piece in pieces if piece.size), (pieces[0].shape[1:] if pieces else ()))
        for number, piece in enumerate(pieces):
            if piece.size and piece.shape[1:] != beyond:
                raise UnacceptableError(
                    f"predict returned an array of shape {piece.shape} for input {number}: "
                    f"expected {('k', *beyond)}, as for the others".replace("'", "")
                )
        dtype = np.result_type(*pieces) if pieces else np.dtype(np.float64)
        return [piece.reshape(-1 if piece.size else 0, *beyond).astype(dtype) for piece in pieces]


class BoxesAnItem(PredictionForm):
    """A list with the boxes of each image, (k, 6) floats."""

    arrays = 2

    def plain(self, result: Any, to_array: ToArray) -> Any:
        """Return the list, with (0, 6) for whatever is empty."""
        if not isinstance(result, list | tuple):
            raise UnacceptableError(
                f"predict returned {describe(result)}: expected a list with one (k, 6) float array per image, each row "
                "x1, y1, x2, y2, score, class"
            )
        return [_plain_boxes(boxes, to_array) for boxes in result]


def _plain_boxes(result: Any, to_array: ToArray) -> NDArray[Any]:
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


PREDICTION_FORMS: Mapping[str, PredictionForm] = {
    "array": OneArray(),
    "an array an item": ArrayAnItem(),
    "boxes": BoxesAnItem(),
}
"""Each form by the name that a kind gives."""
