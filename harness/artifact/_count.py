"""Count the numbers in an artifact from the headers of its arrays; nothing of it is loaded."""

from __future__ import annotations

import math
import os
import re
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import msgspec
from safetensors import safe_open

from harness.artifact._names import ARRAYS, ATTRIBUTES, STRUCTURE

SMALL_STRUCTURE_BYTES = 64 * 1024
"""While the default save's structure holds less than this its bytes are knowledge, not numbers."""
MAX_NUMBERS = 1 << 53
"""A file that claims more numbers than this is no file of arrays; a record keeps no larger count exactly."""
_BYTES_A_NUMBER = 4
_MAX_HEADER_BYTES = 16 << 20
"""Of a safetensors file that is read: a forest of ten thousand trees needs less."""
_MAX_MEMBERS = 10_000
"""Of an npz file that is read."""
_MAX_PACKED_BYTES = 16 << 20
"""Of what is compressed to see how much it holds; more than that holds what it weighs."""
_USUAL_DIMENSIONS = 8
_MAX_ATTRIBUTES, _MAX_NAME = 1_000, 64
_NPY_MAGIC = re.compile(rb"\x93NUMPY[\x01-\x03]\x00")
_NPY_HEADER = re.compile(
    rb"\{'descr': '[<>|=]([biufc])(\d{1,2})', 'fortran_order': (?:True|False), 'shape': \(([\d, ]*)\), \}\s*"
)


@dataclass(frozen=True, kw_only=True)
class Attribute:
    """What the default save found on one attribute of the model, as the worker says: shown, never relied on."""

    name: str
    numbers: int
    """In its arrays; what two attributes share is the first one's."""
    other_bytes: int
    """Of what is no array: lists, texts, objects."""


@dataclass(frozen=True, kw_only=True)
class Contents:
    """What an artifact is made of."""

    numbers: int
    """In arrays; a number for every four bytes of what cannot be read as arrays."""
    file_bytes: int
    array_bytes: int
    other_bytes: int
    """What else the files can hold: of headers and structure no more than they compress to, for repeated names of
    layers and the like hold nothing; of files that cannot be read as arrays, all."""
    name_bytes: int
    """Of the names of its files, which can be knowledge, too."""
    unread: tuple[str, ...]
    """Files that cannot be read as arrays, the default save's structure aside."""
    attributes: tuple[Attribute, ...]
    """None where the model has a save of its own."""


def count_contents(artifact: Path) -> Contents:
    """Count what `artifact` holds, a folder of regular files that no worker can write to any more."""
    numbers, file_bytes, arrays, other, names = 0, 0, 0, 0, 0
    unread = []
    for path in sorted(path for path in artifact.rglob("*") if path.is_file()):
        size = path.stat().st_size
        count = _count(path, size)
        file_bytes += size
        names += len(os.fsencode(path.relative_to(artifact)))
        if count is not None:
            arrays += count.array_bytes
            other += count.other_bytes
            numbers += count.numbers
            continue
        held = size
        if path == artifact / STRUCTURE:
            held = _holds(path.read_bytes()) if size <= _MAX_PACKED_BYTES else size
        else:
            unread.append(path.relative_to(artifact).as_posix())
        other += held
        small = path == artifact / STRUCTURE and held < SMALL_STRUCTURE_BYTES
        numbers += 0 if small else math.ceil(held / _BYTES_A_NUMBER)
    return Contents(
        numbers=numbers,
        file_bytes=file_bytes,
        array_bytes=arrays,
        other_bytes=other,
        name_bytes=names,
        unread=tuple(unread),
        attributes=_attributes(artifact / ARRAYS),
    )


def _holds(content: bytes) -> int:
    """Return what `content` can hold: what repeats in it holds nothing more."""
    return min(len(content), len(zlib.compress(content, 9)))


def _attributes(path: Path) -> tuple[Attribute, ...]:
    """Return what the default save says about the attributes; nothing where it says nothing that can be true."""
    try:
        _hold_header(path)
        with safe_open(path, framework="numpy") as file:
            told = msgspec.json.decode((file.metadata() or {})[ATTRIBUTES], type=list[tuple[str, int, int, int]])
            if len(told) > _MAX_ATTRIBUTES:
                return ()
            counts = [math.prod(file.get_slice(key).get_shape()) for key in sorted(file.keys())]
    except Exception:  # a file may be broken in any way
        return ()
    return tuple(
        Attribute(name=name[:_MAX_NAME], numbers=sum(counts[max(0, first) : max(0, end)]), other_bytes=max(0, nbytes))
        for name, first, end, nbytes in told
    )


@dataclass(frozen=True)
class _Count:
    numbers: int
    array_bytes: int
    other_bytes: int


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
            return _safetensors(path, size)
        case ".npy":
            with path.open("rb") as file:
                return _npy(file, size)
        case ".npz":
            return _npz(path, size)
    return None


def _hold_header(path: Path) -> None:
    with path.open("rb") as file:
        if int.from_bytes(file.read(8), "little") > _MAX_HEADER_BYTES:
            raise ValueError("the header is too long")


def _safetensors(path: Path, size: int) -> _Count:
    """Count by the library, which checks that the tensors fill the file without gap or overlap.

    A header holds what is not foreseen in it: names that are no numbers in sequence, forms of arrays that are empty or
    have dimensions beyond the usual, metadata. The form of an array of n numbers says no more than one of them could.
    """
    _hold_header(path)
    numbers = nbytes = 0
    unforeseen = []
    with safe_open(path, framework="numpy") as file:
        keys = sorted(file.keys())
        for place, key in enumerate(keys):
            tensor = file.get_slice(key)
            shape, dtype = tensor.get_shape(), tensor.get_dtype()
            count = math.prod(shape)
            numbers += count * (2 if dtype.startswith("C") else 1)
            nbytes += (count * _bits(dtype) + 7) // 8
            if key != f"{place:05d}":
                unforeseen.append(key)
            if not count or len(shape) > _USUAL_DIMENSIONS:
                unforeseen.append(f"{place} {dtype} {shape}")
        metadata = sum(len(name.encode()) + len(value.encode()) for name, value in (file.metadata() or {}).items())
    forms = _holds("\n".join(unforeseen).encode("utf-8", "replace")) if unforeseen else 0
    return _Count(numbers, nbytes, min(size - nbytes, metadata + forms))


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
    return _Count(numbers * (2 if kind == b"c" else 1), nbytes, size - nbytes)


def _npz(path: Path, size: int) -> _Count:
    numbers = nbytes = packed = 0
    with zipfile.ZipFile(path) as archive:
        members = archive.infolist()
        if len(members) > _MAX_MEMBERS:
            raise ValueError("there are too many members")
        for member in members:
            with archive.open(member) as stream:
                count = _npy(stream, member.file_size)  # type: ignore[arg-type] # seekable and binary
            numbers += count.numbers
            nbytes += count.array_bytes
            packed += member.compress_size
    if packed > size:
        raise ValueError("members overlap")
    array_bytes = min(nbytes, packed)
    return _Count(numbers, array_bytes, size - array_bytes)
