"""How much an array's values hold beyond the numbers that it pretends to be.

A number of a network says little more than sixteen bits; an integer of 64 bits has room for sixteen weights of four.
So values are looked at, not dtypes: their range, how often each occurs, and by how much neighbours differ.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]

NUMBER_BITS = 16
"""What an integer may hold and still be one number."""
_CHUNK = 1 << 20
_FRACTION_BITS = {2: 10, 4: 23, 8: 52}
_EXPONENT_BITS = 6.5
"""The most that the exponents of numbers say, in bits each: weights lie within a few powers of two of each other, and
bytes that were given the type of a float have any exponent."""
_FEW = 256


@dataclass(frozen=True)
class Held:
    """The contents of an array."""

    numbers: int
    packed_bytes: int
    """Bytes beyond what this number of values needs."""
    wide_bytes: int
    """Bytes that 64-bit floats contain beyond single precision."""


def held(values: Array) -> Held:
    """Return the contents of the plain array `values`."""
    numbers, packed, wide = 0, 0.0, 0.0
    for chunk in _chunks(values):
        if chunk.dtype.kind in "iu" and chunk.dtype.itemsize > NUMBER_BITS // 8:
            bits = _bits(chunk)
        elif chunk.dtype.kind == "f" and _is_no_float(chunk):
            bits = chunk.size * chunk.dtype.itemsize * 8.0
        else:
            numbers += chunk.size
            wide += _beyond_single(chunk) if chunk.dtype == np.float64 else 0.0
            continue
        numbers += max(chunk.size, math.ceil(bits / NUMBER_BITS))
        packed += max(0.0, bits - NUMBER_BITS * chunk.size)
    return Held(numbers, math.ceil(packed / 8), math.ceil(wide / 8))


def _chunks(values: Array) -> Iterator[Array]:
    flat = values.reshape(-1)
    for start in range(0, flat.size, _CHUNK):
        yield flat[start : start + _CHUNK]


def _bits(values: Array) -> float:
    """Return how many bits are enough to say `values`, by the cheapest of a few ways."""
    signed = values.astype(np.int64, copy=False)  # what wraps around comes back the same way
    steps = np.diff(signed, prepend=signed[:1])
    return min(_told(signed), 64.0 + _told(steps))


def _told(values: Array) -> float:
    """Return how many bits say `values`: each within the range, or by a table of those that occur."""
    first, last = int(values.min()), int(values.max())
    width = (last - first).bit_length()
    return first.bit_length() + min(float(values.size * width), _by_table(values, width))


def _by_table(values: Array, width: int) -> float:
    _, counts = np.unique(values, return_counts=True)
    return _entropy(counts) + len(counts) * width


def _entropy(counts: Array) -> float:
    """Return the bits of all values together, each said the shorter the more often it occurs."""
    total = counts.sum()
    return float(-(counts * np.log2(counts / total)).sum())


def _is_no_float(values: Array) -> bool:
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
    """Return the bits that 64-bit floats hold beyond what as many of 32 bits do."""
    with np.errstate(over="ignore", invalid="ignore"):
        exact = values.astype(np.float32).astype(np.float64) == values  # never of NaN, which may hold something, too
    odd = values[~exact]
    if not odd.size:
        return 0.0
    bits: float = min(64.0 * odd.size, _by_table(odd.view(np.int64), 64))
    return max(0.0, bits - 32 * int(odd.size))
