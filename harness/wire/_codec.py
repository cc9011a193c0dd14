"""Represent data as plain arrays: an array as itself, texts and ragged arrays as (flat, lengths)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np

from harness.wire._channel import Array, WireError

Form = Literal["array", "texts", "ragged"]


def pack(data: Any) -> tuple[Form, tuple[Array, ...]]:
    """Return the form of `data` (an array, a list of texts, or a list of arrays) and the arrays that represent it."""
    if not isinstance(data, list):
        return "array", (np.asarray(data),)
    if data and isinstance(data[0], str):
        encoded = [text.encode("utf-8", "surrogatepass") for text in data]
        return "texts", (np.frombuffer(b"".join(encoded), np.uint8), _lengths(encoded))
    flat = np.concatenate([np.asarray(item) for item in data]) if data else np.empty((0, 0))
    return "ragged", (flat, _lengths(data))


def unpack(form: Form, arrays: Sequence[Array]) -> Any:
    """Return the data that `pack` represented as these arrays.

    Raises:
        WireError: the arrays do not have this form.
    """
    if len(arrays) != (1 if form == "array" else 2):
        raise WireError(f"{len(arrays)} arrays were sent in the form {form!r}")
    if form == "array":
        return arrays[0]
    flat, lengths = arrays
    if lengths.dtype != np.int64 or lengths.ndim != 1 or flat.ndim < 1 or (form == "texts" and flat.dtype != np.uint8):
        found = f"{flat.dtype} {flat.shape} with lengths {lengths.dtype} {lengths.shape}"
        raise WireError(f"{found} is not of the form {form!r}")
    if ((lengths < 0) | (lengths > len(flat))).any() or int(lengths.sum()) != len(flat):
        raise WireError(f"the lengths do not add up to {len(flat)}, the length of the data")
    ends = np.cumsum(lengths)
    pieces = np.split(flat, ends[:-1]) if len(ends) else []
    if form == "ragged":
        return pieces
    try:
        return [piece.tobytes().decode("utf-8", "surrogatepass") for piece in pieces]
    except UnicodeDecodeError as error:
        raise WireError(f"a text is malformed: {error}") from error


def _lengths(items: Sequence[Any]) -> Array:
    return np.array([len(item) for item in items], np.int64)
