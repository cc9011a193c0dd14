"""The forms in which a worker sends predictions.

A worker does not know the kind of a task, only the form of its predictions: it imports no kind from another package.
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
    """A conversion of the return value of `predict` to plain arrays."""

    arrays: ClassVar[int]
    """The number of arrays that are sent: two if items have different lengths."""

    @abstractmethod
    def plain(self, result: Any, to_array: ToArray) -> Any:
        """Return `result` as an array, or as a list of arrays; `to_array` converts any object to an array.

        Raises:
            UnacceptableError: it cannot be converted.
        """


class OneArray(PredictionForm):
    """One array, whose first axis corresponds to the inputs."""

    arrays = 1

    def plain(self, result: Any, to_array: ToArray) -> Any:
        """Return the array."""
        return to_array(result)


class ArrayPerItem(PredictionForm):
    """A list of arrays, one per input; the first axis may have any length, and the other axes are the same for all."""

    arrays = 2

    def plain(self, result: Any, to_array: ToArray) -> Any:
        """Return the list, in which all arrays have the same dtype."""
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


class BoxesPerItem(PredictionForm):
    """A list with the boxes of each image, (k, 6) floats."""

    arrays = 2

    def plain(self, result: Any, to_array: ToArray) -> Any:
        """Return the list, with (0, 6) for everything that is empty."""
        if not isinstance(result, list | tuple):
            raise UnacceptableError(
                f"predict returned {describe(result)}: expected a list with one (k, 6) float array per image, each row "
                "x1, y1, x2, y2, score, class"
            )
        return [_plain_boxes(boxes, to_array) for boxes in result]


def _plain_boxes(result: Any, to_array: ToArray) -> NDArray[Any]:
    import numpy as np

    if isinstance(result, dict):  # as the models of torchvision return
        raise UnacceptableError(
            "predict returned a dict for an image: expected (k, 6); for models of torchvision join boxes, "
            "scores[:, None] and (labels - 1)[:, None] with torch.cat(..., dim=1)"
        )
    array = to_array(result).astype(np.float64)
    if array.size and (array.ndim != 2 or array.shape[1] != 6):
        raise UnacceptableError(f"predict returned boxes of shape {array.shape} for an image: expected (k, 6)")
    return array.reshape(-1, 6)


PREDICTION_FORMS: Mapping[str, PredictionForm] = {
    "array": OneArray(),
    "array per item": ArrayPerItem(),
    "boxes": BoxesPerItem(),
}
"""The forms by the names that kinds use."""
