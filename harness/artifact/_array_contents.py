"""How much information the values of an array contain beyond one plain number each.

A weight of a network carries little more than sixteen bits of information, but sixteen weights of four bits fit into
one 64-bit integer. So the values are examined, not the dtype: their range, their frequencies, and the differences
between neighbours.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]

NUMBER_BITS = 16
"""The largest number of bits of information in an integer that counts as one number."""
_CHUNK = 1 << 20
_FRACTION_BITS = {2: 10, 4: 23, 8: 52}
_EXPONENT_BITS = 6.5
"""The largest entropy of the exponents of real numbers, in bits per number. Weights are within a few powers of two of
each other, but arbitrary bytes that are stored as floats have arbitrary exponents."""
_FEW = 256


@dataclass(frozen=True)
class ArrayContents:
    """The contents of an array."""

    numbers: int
    packed_bytes: int
    """How many bytes the array contains beyond what this number of values needs."""
    wide_bytes: int
    """How many bytes the 64-bit floats contain beyond single precision."""


def array_contents(values: Array) -> ArrayContents:
    """Return the contents of the plain array `values`."""
    numbers, packed, wide = 0, 0.0, 0.0
    for chunk in _chunks(values):
        if chunk.dtype.kind in "iu" and chunk.dtype.itemsize > NUMBER_BITS // 8:
            bits = _bits(chunk)
        elif chunk.dtype.kind == "f" and _is_disguised(chunk):
            bits = chunk.size * chunk.dtype.itemsize * 8.0
        else:
            numbers += chunk.size
            wide += _beyond_single(chunk) if chunk.dtype == np.float64 else 0.0
            continue
        numbers += max(chunk.size, math.ceil(bits / NUMBER_BITS))
        packed += max(0.0, bits - NUMBER_BITS * chunk.size)
    return ArrayContents(numbers, math.ceil(packed / 8), math.ceil(wide / 8))


def _chunks(values: Array) -> Iterator[Array]:
    flat = values.reshape(-1)
    for start in range(0, flat.size, _CHUNK):
        yield flat[start : start + _CHUNK]


def _bits(values: Array) -> float:
    """Return how many bits are enough to encode `values`, by the shortest of a few encodings."""
    signed = values.astype(np.int64, copy=False)  # unsigned values may wrap around, which loses no information
    steps = np.diff(signed, prepend=signed[:1])
    return min(_encoded_bits(signed), 64.0 + _encoded_bits(steps))


def _encoded_bits(values: Array) -> float:
    """Return how many bits encode `values`, either each within the range or with a table of the values that occur."""
    first, last = int(values.min()), int(values.max())
    width = (last - first).bit_length()
    return first.bit_length() + min(float(values.size * width), _by_table(values, width))


def _by_table(values: Array, width: int) -> float:
    _, counts = np.unique(values, return_counts=True)
    return _entropy(counts) + len(counts) * width


def _entropy(counts: Array) -> float:
    """Return the entropy of all values together in bits; `counts` says how often each distinct value occurs."""
    total = counts.sum()
    return float(-(counts * np.log2(counts / total)).sum())


def _is_disguised(values: Array) -> bool:
    """Return whether bytes of something else were stored as floats."""
    size = values.dtype.itemsize
    if values.size < _FEW or size not in _FRACTION_BITS:
        return False
    patterns = np.ascontiguousarray(values).view(f"u{size}")
    exponents = (patterns >> patterns.dtype.type(_FRACTION_BITS[size])) & patterns.dtype.type(
        (1 << (8 * size - 1 - _FRACTION_BITS[size])) - 1
    )
    _, counts = np.unique(exponents, return_counts=True)
    return bool(_entropy(counts) > _EXPONENT_BITS * values.size)


def _beyond_single(values: Array) -> float:
    """Return how many bits 64-bit floats contain beyond what as many 32-bit floats could contain."""
    with np.errstate(over="ignore", invalid="ignore"):
        # false for NaN, because its bits may also contain something
        exact = values.astype(np.float32).astype(np.float64) == values
    inexact = values[~exact]
    if not inexact.size:
        return 0.0
    bits: float = min(64.0 * inexact.size, _by_table(inexact.view(np.int64), 64))
    return max(0.0, bits - 32 * int(inexact.size))
