"""Three forms of data as plain arrays: an array as it is, texts and ragged arrays as (flat, lengths)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np

from harness.wire._channel import Array, WireError

Form = Literal["array", "texts", "ragged"]


def pack(data: Any) -> tuple[Form, tuple[Array, ...]]:
    """Return the form of `data` (an array, a list of texts, a list of arrays) and the arrays that carry it."""
    if not isinstance(data, list):
        return "array", (np.asarray(data),)
    if data and isinstance(data[0], str):
        encoded = [text.encode("utf-8", "surrogatepass") for text in data]
        return "texts", (np.frombuffer(b"".join(encoded), np.uint8), _lengths(encoded))
    flat = np.concatenate([np.asarray(item) for item in data]) if data else np.empty((0, 0))
    return "ragged", (flat, _lengths(data))


def unpack(form: Form, arrays: Sequence[Array]) -> Any:
    """Undo `pack`.

    Raises:
        WireError: the lengths do not add up to what came.
    """
    if form == "array":
        (array,) = arrays
        return array
    flat, lengths = arrays
    ends = np.cumsum(lengths)
    if lengths.dtype != np.int64 or lengths.ndim != 1 or (lengths < 0).any():
        raise WireError("lengths must be one row of int64, none negative")
    if (int(ends[-1]) if len(ends) else 0) != len(flat):
        raise WireError(f"the lengths add up to {int(lengths.sum())}, but {len(flat)} came")
    pieces = np.split(flat, ends[:-1]) if len(ends) else []
    if form == "texts":
        return [piece.tobytes().decode("utf-8", "surrogatepass") for piece in pieces]
    return pieces


def _lengths(items: Sequence[Any]) -> Array:
    return np.array([len(item) for item in items], np.int64)
