"""Copy an artifact with its 64-bit floats rounded to single precision.

An honest model answers the same with such a copy; data hidden in the last digits of the floats is lost.
"""

from __future__ import annotations

import io
import math
import re
import shutil
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import numpy as np

from harness.artifact import open_npz

MAX_HEADER_BYTES = 16 << 20
"""The largest header of a file that is read."""
MAX_UNPACKED_BYTES = 256 << 20
"""The largest size of all arrays of all npz files together."""
_DIGITS_OF_SINGLE = np.uint64(2**64 - 2**29)
"""The bits of a 64-bit float without the 29 digits that a 32-bit float does not have."""
_DESCR = re.compile(rb"'descr': '([<>|=][a-zA-Z]\d+)'")


class _HeaderEntry(msgspec.Struct):
    dtype: str
    shape: tuple[int, ...]
    data_offsets: tuple[int, int]


def copy_rounded(artifact: Path, to: Path) -> None:
    """Copy the folder `artifact` to `to`, and round the 64-bit floats in its safetensors, npy and npz files.

    Raises:
        ValueError: a file is not what its name says, or has floats in a form that is not rounded here.
    """
    shutil.copytree(artifact, to)
    left = MAX_UNPACKED_BYTES
    for path in sorted(path for path in to.rglob("*") if path.is_file()):
        if path.suffix == ".npz":
            rounded = _round_npz(path.read_bytes(), left)
            left -= len(rounded)
            path.write_bytes(rounded)
        elif path.suffix in _ROUND_FILE:
            path.write_bytes(_ROUND_FILE[path.suffix](path.read_bytes()))


def _round_safetensors(content: bytes) -> bytes:
    rounded = bytearray(content)
    for begin, end in _doubles(rounded):
        rounded[begin:end] = _rounded(rounded[begin:end], "<f8")
    return bytes(rounded)


def _round_npy(content: bytes) -> bytes:
    """Round the numbers of an array; only the type of its numbers is read from the header."""
    length_bytes = 2 if content[6:7] == b"\x01" else 4
    start = 8 + length_bytes + int.from_bytes(content[8 : 8 + length_bytes], "little")
    found = _DESCR.search(content[: min(start, MAX_HEADER_BYTES)])
    if not content.startswith(b"\x93NUMPY") or found is None or start > len(content):
        raise ValueError("the header cannot be read")
    descr = found.group(1).decode()
    if descr[1:] not in ("f8", "c16"):
        return content
    return content[:start] + _rounded(content[start:], f"{descr[0]}f8")


def _round_npz(content: bytes, most_bytes: int) -> bytes:
    """Round each array of an archive, if all of them together have at most `most_bytes`."""
    output = io.BytesIO()
    try:
        with open_npz(io.BytesIO(content)) as archive, zipfile.ZipFile(output, "w") as rounded:
            if sum(member.file_size for member in archive.infolist()) > most_bytes:
                raise ValueError("the archives are too large")
            for member in archive.infolist():
                with archive.open(member) as stream:  # `archive.read` would unpack more than the stated size first
                    rounded.writestr(member.filename, _round_npy(stream.read(member.file_size)))
    except (zipfile.BadZipFile, NotImplementedError, EOFError, RuntimeError, OverflowError, zlib.error) as error:
        raise ValueError(f"the archive cannot be read: {error}") from error
    return output.getvalue()


def _rounded(content: bytes | bytearray, dtype: str) -> bytes:
    """Return 64-bit floats, in this byte order, in single precision; those beyond its range lose as many digits."""
    numbers = np.frombuffer(bytes(content), dtype)
    with np.errstate(over="ignore", invalid="ignore"):
        single = numbers.astype(np.float32).astype(dtype)
    shorter = (numbers.astype(np.float64).view(np.uint64) & _DIGITS_OF_SINGLE).view(np.float64)
    single = np.where(np.isfinite(single) | ~np.isfinite(numbers), single, shorter)
    return np.where(np.isnan(single), np.nan, single).astype(dtype).tobytes()


_ROUND_FILE: dict[str, Callable[[bytes], bytes]] = {
    ".safetensors": _round_safetensors,
    ".npy": _round_npy,
}


def _doubles(content: bytearray) -> Iterator[tuple[int, int]]:
    """Yield the first and the end position of each array of 64-bit floats; no two arrays overlap."""
    length = int.from_bytes(content[:8], "little")
    if length > min(MAX_HEADER_BYTES, len(content) - 8):
        raise ValueError("the header is too long")
    try:
        header = msgspec.json.decode(content[8 : 8 + length], type=dict[str, msgspec.Raw])
        header.pop("__metadata__", None)
        entries = [msgspec.json.decode(raw, type=_HeaderEntry) for raw in header.values()]
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ValueError(f"the header cannot be read: {error}") from error
    reached = 8 + length
    for entry in sorted(entries, key=lambda entry: entry.data_offsets):
        begin, end = (8 + length + offset for offset in entry.data_offsets)
        if not reached <= begin <= end <= len(content):
            raise ValueError("an array lies outside of the file or in another one")
        reached = end
        if entry.dtype != "F64":
            continue
        if end - begin != 8 * math.prod(entry.shape):
            raise ValueError("the size of an array does not fit its shape")
        yield begin, end
