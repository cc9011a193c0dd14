"""Make what `predict` returned plain: arrays and nothing else."""

from __future__ import annotations

from typing import Any

import numpy as np

from harness.wire import MAX_DIMENSIONS, Form, pack
from harness.worker._explain import PredictionsError


def plain(result: Any, kind: str) -> tuple[Form, tuple[np.ndarray[Any, Any], ...]]:
    """Return `result` of a task of `kind` ready for the wire.

    Raises:
        PredictionsError: it cannot be made a plain array of numbers.
    """
    if kind == "detection":
        if not isinstance(result, list | tuple):
            raise PredictionsError(
                f"predict returned {_name(result)}: expected a list with one (k, 6) float array per image"
            )
        return pack([_boxes(boxes) for boxes in result])
    return pack(_array(result))


def _boxes(result: Any) -> np.ndarray[Any, Any]:
    array = _array(result).astype(np.float64)
    if array.size and (array.ndim != 2 or array.shape[1] != 6):
        raise PredictionsError(f"predict returned boxes of shape {array.shape} for an image: expected (k, 6)")
    return array.reshape(-1, 6)


def _array(result: Any) -> np.ndarray[Any, Any]:
    if isinstance(result, list | tuple) and result and hasattr(result[0], "detach"):
        result = [_host(item) for item in result]
    try:
        array = np.asarray(_host(result))
    except (ValueError, TypeError, RuntimeError) as error:
        raise PredictionsError(f"predict returned {_name(result)}, which is no plain array ({error})") from error
    if array.ndim > MAX_DIMENSIONS:
        raise PredictionsError(f"predict returned {_name(result)} of {array.ndim} dimensions: expected far fewer")
    if array.dtype.kind not in "biuf" or array.dtype.itemsize > 8:
        raise PredictionsError(
            f"predict returned {_name(result)} of dtype {array.dtype}: expected an array of integers or floats"
        )
    return array


def _host(result: Any) -> Any:
    """Bring a tensor to the CPU, without gradient; bfloat16, which NumPy lacks, becomes float32."""
    if not hasattr(result, "detach"):
        return result
    try:
        return result.numpy()  # on the CPU, without gradient: the usual case, and the cheap one
    except (AttributeError, RuntimeError, TypeError):
        tensor = result.detach().cpu()
    return tensor.float() if str(tensor.dtype) == "torch.bfloat16" else tensor


def _name(result: Any) -> str:
    return f"a {type(result).__name__}"
