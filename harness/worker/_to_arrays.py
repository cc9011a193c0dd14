"""Convert what `predict` returned to plain arrays."""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np

from harness.kinds import PredictionForm, UnacceptableError
from harness.wire import MAX_DIMENSIONS, Form, pack
from harness.worker._explain import PredictionsError


def plain(result: Any, form: PredictionForm) -> tuple[Form, tuple[np.ndarray[Any, Any], ...]]:
    """Return `result` in the `form` in which it is sent.

    Raises:
        PredictionsError: it cannot be converted to a plain array of numbers.
    """
    try:
        return pack(form.plain(result, _array))
    except UnacceptableError as error:
        raise PredictionsError(str(error)) from None


def _array(result: Any) -> np.ndarray[Any, Any]:
    if result is None:
        raise PredictionsError("predict returned None: end it with `return` and the predictions")
    if isinstance(result, list | tuple) and result and hasattr(result[0], "detach"):
        result = [_host(item) for item in result]
    try:
        array = np.asarray(_host(result))
    except (ValueError, TypeError, RuntimeError) as error:
        raise PredictionsError(
            f"predict returned {_name(result)}, which is not a plain array: {_remedy(result, None) or error}"
        ) from error
    if array.ndim > MAX_DIMENSIONS:
        raise PredictionsError(
            f"predict returned {_name(result)} with {array.ndim} dimensions: expected at most {MAX_DIMENSIONS}"
        )
    if array.dtype.kind not in "biuf" or array.dtype.itemsize > 8:
        expected = "an array of integers or floats"
        advice = _remedy(result, array)
        raise PredictionsError(
            f"predict returned {_name(result)} of dtype {array.dtype}: expected {expected}{advice and '; ' + advice}"
        )
    return array


def _remedy(result: Any, array: np.ndarray[Any, Any] | None) -> str:
    """Return how to convert a common kind of result to numbers, or an empty string."""
    return _remedy_for_type(result) or ("" if array is None else _remedy_for_elements(array))


def _remedy_for_type(result: Any) -> str:
    if isinstance(result, dict):
        return "return one array, not a dictionary"
    if isinstance(result, tuple):
        return "return one array, not several: the scores are enough"
    if inspect.iscoroutine(result):
        return "write `def predict`, without async"
    if hasattr(result, "__next__"):
        return "collect the answers in a list and return it: `list(...)` does so, and a function with yield does not"
    if hasattr(result, "toarray"):
        return "return result.toarray()"
    return ""


def _remedy_for_elements(array: np.ndarray[Any, Any]) -> str:
    if array.dtype.kind in "US" or _has_texts(array):
        return "return numbers of classes, not their names: list(self.task.classes).index(name) is the number of one"
    if odd := _first_odd(array):
        return odd
    if array.dtype.kind in "fO" and array.ndim in (1, 2):
        return "write .astype(float), or .astype(int) for labels"
    return ""


def _has_texts(array: np.ndarray[Any, Any]) -> bool:
    return array.dtype == object and array.size > 0 and isinstance(array.flat[0], str)


def _first_odd(array: np.ndarray[Any, Any]) -> str:
    """Name the first element of an array of objects that is no number, or return an empty string."""
    if array.dtype != object or not array.ndim:
        return ""
    for place, element in zip(np.ndindex(array.shape), array.flat, strict=True):
        if not isinstance(element, int | float | np.number | np.bool_):
            what = "None" if element is None else _name(element)
            return f"element {place[0] if len(place) == 1 else place} is {what}: return one number for it"
    return ""


def _host(result: Any) -> Any:
    """Return a tensor on the CPU and without gradient; bfloat16, which NumPy lacks, becomes float32."""
    if not hasattr(result, "detach"):
        return result
    try:
        return result.numpy()  # this works in the usual case, a tensor on the CPU without gradient
    except (AttributeError, RuntimeError, TypeError):
        tensor = result.detach().cpu()
    return tensor.float() if str(tensor.dtype) == "torch.bfloat16" else tensor


def _name(result: Any) -> str:
    name = type(result).__name__
    return f"{'an' if name[:1].lower() in 'aeiou' else 'a'} {name}"
