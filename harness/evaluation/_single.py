"""Copy an artifact with its 64-bit floats rounded to single precision.

An honest model answers the same with such a copy; data hidden in the last digits of the floats is lost.
"""

from __future__ import annotations

import math
import shutil
from collections.abc import Iterator
from pathlib import Path

import msgspec
import numpy as np

MAX_HEADER_BYTES = 16 << 20


class _HeaderEntry(msgspec.Struct):
    dtype: str
    shape: tuple[int, ...]
    data_offsets: tuple[int, int]


def copy_rounded(artifact: Path, to: Path) -> None:
    """Copy the folder `artifact` to `to`, and round the 64-bit floats in its safetensors files.

    Raises:
        ValueError: a file is not a valid safetensors file.
    """
    shutil.copytree(artifact, to)
    for path in sorted(to.rglob("*.safetensors")):
        content = bytearray(path.read_bytes())
        for begin, end in _doubles(content):
            numbers = np.frombuffer(content, np.float64, (end - begin) // 8, begin)
            with np.errstate(over="ignore", invalid="ignore"):
                single = numbers.astype(np.float32).astype(np.float64)
            single = np.where(np.isfinite(single) | ~np.isfinite(numbers), single, numbers)
            content[begin:end] = np.where(np.isnan(single), np.nan, single).tobytes()
        path.write_bytes(content)


def _doubles(content: bytearray) -> Iterator[tuple[int, int]]:
    """Yield the begin and end of each array of 64-bit floats."""
    length = int.from_bytes(content[:8], "little")
    if length > min(MAX_HEADER_BYTES, len(content) - 8):
        raise ValueError("the header is too long")
    try:
        header = msgspec.json.decode(content[8 : 8 + length], type=dict[str, msgspec.Raw])
        header.pop("__metadata__", None)
        entries = [msgspec.json.decode(raw, type=_HeaderEntry) for raw in header.values()]
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ValueError(f"the header cannot be read: {error}") from error
    for entry in entries:
        begin, end = (8 + length + offset for offset in entry.data_offsets)
        if entry.dtype != "F64":
            continue
        if not 8 + length <= begin <= end <= len(content) or end - begin != 8 * math.prod(entry.shape):
            raise ValueError("an array lies outside of the file")
        yield begin, end
