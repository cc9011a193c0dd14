"""Count the numbers in an artifact from the headers of its arrays; nothing of it is loaded."""

from __future__ import annotations

import math
import os
import re
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from safetensors import safe_open

from harness.artifact._names import STRUCTURE

SMALL_STRUCTURE_BYTES = 64 * 1024
"""While the default save's structure is below this its bytes are knowledge, not numbers."""
MAX_NUMBERS = 1 << 53
"""A file that claims more numbers than this is no file of arrays; a record keeps no larger count exactly."""
_BYTES_A_NUMBER = 4
_NPY_MAGIC = re.compile(rb"\x93NUMPY[\x01-\x03]\x00")
_NPY_HEADER = re.compile(
    rb"\{'descr': '[<>|=]([biufc])(\d{1,2})', 'fortran_order': (?:True|False), 'shape': \(([\d, ]*)\), \}\s*"
)


@dataclass(frozen=True, kw_only=True)
class Contents:
    """What an artifact is made of."""

    numbers: int
    """In arrays; a number for every four bytes of what cannot be read as arrays."""
    file_bytes: int
    other_bytes: int
    """Of what is no array: headers, structure, files of other kinds."""
    name_bytes: int
    """Of the names of its files, which can be knowledge, too."""


def count_contents(artifact: Path) -> Contents:
    """Count what `artifact` holds, a folder of regular files that no worker can write to any more."""
    numbers, file_bytes, other, names = 0, 0, 0, 0
    for path in sorted(path for path in artifact.rglob("*") if path.is_file()):
        size = path.stat().st_size
        count = _count(path, size)
        file_bytes += size
        names += len(os.fsencode(path.relative_to(artifact)))
        if count is None:
            other += size
            structure = path == artifact / STRUCTURE and size < SMALL_STRUCTURE_BYTES
            numbers += 0 if structure else math.ceil(size / _BYTES_A_NUMBER)
        else:
            other += size - count.array_bytes
            numbers += count.numbers
    return Contents(numbers=numbers, file_bytes=file_bytes, other_bytes=other, name_bytes=names)


@dataclass(frozen=True)
class _Count:
    numbers: int
    array_bytes: int


def _count(path: Path, size: int) -> _Count | None:
    """Return what the arrays in a file amount to, or None where it cannot be read as arrays."""
    try:
        count = _counted(path, size)
    except Exception:  # a file may be broken in any way; then it is no arrays
        return None
    return None if count is None or count.numbers > MAX_NUMBERS else count


def _counted(path: Path, size: int) -> _Count | None:
    match path.suffix:
        case ".safetensors":
            return _safetensors(path)
        case ".npy":
            with path.open("rb") as file:
                return _npy(file, size)
        case ".npz":
            return _npz(path, size)
    return None


def _safetensors(path: Path) -> _Count:
    """Count by the library, which checks that the tensors fill the file without gap or overlap."""
    numbers = nbytes = 0
    with safe_open(path, framework="numpy") as file:
        for key in file.keys():  # noqa: SIM118 - not a mapping
            tensor = file.get_slice(key)
            count, dtype = math.prod(tensor.get_shape()), tensor.get_dtype()
            numbers += count * (2 if dtype.startswith("C") else 1)
            nbytes += (count * _bits(dtype) + 7) // 8
    return _Count(numbers, nbytes)


def _bits(dtype: str) -> int:
    """Return the bits of a safetensors dtype: BOOL, U8, BF16, F8_E4M3, F4, ..."""
    digits = re.search(r"\d+", dtype)
    return int(digits.group()) if digits else 8


def _npy(file: BinaryIO, size: int) -> _Count:
    """Count from the header alone, by a pattern: NumPy itself would evaluate it as a Python literal."""
    start = file.read(12)
    if not _NPY_MAGIC.match(start):
        raise ValueError("no npy file")
    wide = start[6] > 1
    length = int.from_bytes(start[8:12] if wide else start[8:10], "little")
    file.seek(12 if wide else 10)
    header = _NPY_HEADER.fullmatch(file.read(min(length, 10_000)))
    if header is None:
        raise ValueError("no plain array")
    kind, itemsize, shape = header.groups()
    if not int(itemsize):
        raise ValueError("numbers without bytes")
    numbers = math.prod(int(axis) for axis in shape.decode().replace(" ", "").split(",") if axis)
    nbytes = numbers * int(itemsize)
    if nbytes + length + (12 if wide else 10) != size:
        raise ValueError("the header does not fit the file")
    return _Count(numbers * (2 if kind == b"c" else 1), nbytes)


def _npz(path: Path, size: int) -> _Count:
    numbers = nbytes = packed = 0
    with zipfile.ZipFile(path) as archive:
        for member in archive.infolist():
            with archive.open(member) as stream:
                count = _npy(stream, member.file_size)  # type: ignore[arg-type] # seekable and binary
            numbers += count.numbers
            nbytes += count.array_bytes
            packed += member.compress_size
    if packed > size:
        raise ValueError("members overlap")
    return _Count(numbers, min(nbytes, packed))
