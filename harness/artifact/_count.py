"""Count the contents of an artifact, array by array, without running any of it.

This happens in a sandboxed process, because students wrote the files.
"""

from __future__ import annotations

import math
import os
import re
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any, BinaryIO

import msgspec
import numpy as np
from msgspec import Meta
from safetensors import safe_open

from harness.artifact._array_contents import ArrayContents, array_contents
from harness.artifact._open_npz import open_npz
from harness.artifact._saved_form import ARRAYS, ATTRIBUTES, STRUCTURE
from harness.artifact._structure import Vocabulary, read_structure
from harness.artifact._submission_contents import compressed

Array = np.ndarray[Any, Any]

MAX_NUMBERS = 1 << 53
"""A file that claims more numbers than this does not count as arrays; a record cannot hold a larger count exactly."""
MAX_HEADER_BYTES = 16 << 20
"""The largest header of a safetensors file that is read; a forest of ten thousand trees needs less."""
_BYTES_A_NUMBER = 4
_MAX_STRUCTURE_BYTES = 16 << 20
"""The largest structure that is analysed and compressed; a larger one counts with its full size."""
_USUAL_DIMENSIONS = 8
_MAX_ATTRIBUTES, _MAX_NAME, _MAX_UNREAD = 200, 64, 100
_SMALL_ARRAY, _MANY_NUMBERS = 4096, 1 << 20
_NPY_MAGIC = re.compile(rb"\x93NUMPY[\x01-\x03]\x00")
_NPY_HEADER = re.compile(
    rb"\{'descr': '([<>|=])([biufc])(\d{1,2})', 'fortran_order': (?:True|False), 'shape': \(([\d, ]*)\), \}\s*"
)
_PLAIN_TYPES = frozenset({"b1", "i1", "u1", "i2", "u2", "f2", "i4", "u4", "f4", "i8", "u8", "f8", "c8", "c16"})
"""The types of numbers in npy files that are counted. A header may state any size, and a program other than NumPy may
read the file, so that one number of another type could contain many."""
_DTYPES = {"F64": "f8", "F32": "f4", "I64": "i8", "I32": "i4", "U64": "u8", "U32": "u4", "C64": "f4"}
"""The types of safetensors whose values are examined, because one number may contain several; a complex number counts
as two."""

Count = Annotated[int, Meta(ge=0)]


@dataclass(frozen=True, kw_only=True)
class Attribute:
    """The contents of one attribute of the model, as the default `save` reports them; they decide nothing."""

    name: str
    numbers: int
    """The number of values in its arrays; a shared array counts for the first attribute only."""
    other_bytes: int
    """The size of everything that is not an array: lists, texts, objects."""


@dataclass(frozen=True, kw_only=True)
class ArtifactContents:
    """The contents of an artifact."""

    numbers: Count
    """How many numbers it contains: values in arrays, where an integer may count as several; words of the training
    texts; and one number for every four bytes of files that cannot be read as arrays."""
    words: Count
    """How many of the numbers are words of the training texts."""
    file_bytes: Count
    """The size of all files."""
    array_bytes: Count
    """The size of all arrays."""
    packed_bytes: Count
    """How many bytes the arrays contain beyond what their numbers need."""
    wide_bytes: Count
    """How many bytes the 64-bit floats contain beyond single precision."""
    other_bytes: Count
    """How much the files can contain outside arrays: the compressed size of headers and structure, in which repetitions
    such as names of layers count little, and the full size of files that cannot be read as arrays."""
    unread_bytes: Count
    """How many of these bytes are in files that cannot be read as arrays."""
    name_bytes: Count
    """The size of the names of its files, which can also contain knowledge, except those of the default `save`."""
    unread: tuple[str, ...]
    """The first hundred files that cannot be read as arrays, except the structure that the default `save` writes."""
    attributes: tuple[Attribute, ...]
    """The contents of attributes; empty if the model overrides `save`."""


def count_contents(artifact: Path, vocabulary: Vocabulary | None = None) -> ArtifactContents:
    """Count the contents of `artifact`, a folder of regular files that no worker can change any more.

    `vocabulary` contains the words of the training texts.
    """
    total = _Total()
    unread, names = [], []
    for path in sorted(path for path in artifact.rglob("*") if path.is_file()):
        size = path.stat().st_size
        total.file_bytes += size
        name = path.relative_to(artifact).as_posix()
        if name not in (ARRAYS, STRUCTURE):
            names.append(os.fsencode(name))
        if path == artifact / STRUCTURE:
            total.add_structure(path, size, vocabulary)
            continue
        count = _count(path, size)
        if count is None:
            unread.append(name)
            total.other_bytes += size
            total.unread_bytes += size
            total.numbers += math.ceil(size / _BYTES_A_NUMBER)
        else:
            total.add(count)
    return ArtifactContents(
        numbers=total.numbers + total.words,
        words=total.words,
        file_bytes=total.file_bytes,
        array_bytes=total.array_bytes,
        packed_bytes=total.packed_bytes,
        wide_bytes=total.wide_bytes,
        other_bytes=total.other_bytes,
        unread_bytes=total.unread_bytes,
        name_bytes=compressed(b"\n".join(names)),
        unread=tuple(unread[:_MAX_UNREAD]),
        attributes=_attributes(artifact / ARRAYS),
    )


@dataclass
class _Total:
    numbers: int = 0
    words: int = 0
    file_bytes: int = 0
    array_bytes: int = 0
    packed_bytes: int = 0
    wide_bytes: int = 0
    other_bytes: int = 0
    unread_bytes: int = 0

    def add(self, count: _Count) -> None:
        self.numbers += count.contents.numbers
        self.packed_bytes += count.contents.packed_bytes
        self.wide_bytes += count.contents.wide_bytes
        self.array_bytes += count.array_bytes
        self.other_bytes += count.other_bytes

    def add_structure(self, path: Path, size: int, vocabulary: Vocabulary | None) -> None:
        if size > _MAX_STRUCTURE_BYTES:
            self.other_bytes += size
            return
        structure = read_structure(path.read_bytes(), vocabulary)
        self.words += structure.words
        self.other_bytes += compressed(structure.rest)


def _attributes(path: Path) -> tuple[Attribute, ...]:
    """Return what the default `save` reports about the attributes; empty if there is no valid report."""
    try:
        _header_bytes(path)
        with safe_open(path, framework="numpy") as file:
            reported = msgspec.json.decode((file.metadata() or {})[ATTRIBUTES], type=list[tuple[str, int, int, int]])
            counts = [math.prod(file.get_slice(key).get_shape()) for key in sorted(file.keys())]
    except Exception:  # a file may be broken in any way
        return ()
    found = [
        Attribute(
            name=name[:_MAX_NAME].encode("utf-8", "replace").decode(),
            numbers=min(MAX_NUMBERS, sum(counts[max(0, first) : max(0, end)])),
            other_bytes=min(MAX_NUMBERS, max(0, nbytes)),
        )
        for name, first, end, nbytes in reported
    ]
    largest = sorted(found, key=lambda one: one.numbers * _BYTES_A_NUMBER + one.other_bytes, reverse=True)
    return tuple(one for one in found if one in largest[:_MAX_ATTRIBUTES])


@dataclass(frozen=True)
class _Count:
    contents: ArrayContents
    array_bytes: int
    other_bytes: int


def _count(path: Path, size: int) -> _Count | None:
    """Return the contents of the arrays in a file, or None if it cannot be read as arrays."""
    try:
        count = _counted(path, size)
    except Exception:  # a file may be broken in any way; then it does not count as arrays
        return None
    return None if count is None or count.contents.numbers > MAX_NUMBERS else count


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


@dataclass
class _ArrayCounter:
    """Adds up the contents of arrays; small arrays are joined first, because a forest has ten thousand of them."""

    numbers: int = 0
    packed_bytes: int = 0
    wide_bytes: int = 0
    _small: dict[np.dtype[Any], list[Array]] = field(default_factory=dict)
    _waiting: int = 0

    def add(self, array: Array) -> None:
        flat = array.reshape(-1)
        if flat.size > _SMALL_ARRAY:
            self._take(flat)
            return
        self._small.setdefault(flat.dtype, []).append(np.array(flat))
        self._waiting += flat.size
        if self._waiting > _MANY_NUMBERS:
            self._flush()

    def total(self) -> ArrayContents:
        self._flush()
        return ArrayContents(self.numbers, self.packed_bytes, self.wide_bytes)

    def _flush(self) -> None:
        for arrays in self._small.values():
            self._take(np.concatenate(arrays))
        self._small.clear()
        self._waiting = 0

    def _take(self, flat: Array) -> None:
        found = array_contents(flat)
        self.numbers += found.numbers
        self.packed_bytes += found.packed_bytes
        self.wide_bytes += found.wide_bytes


class _TensorEntry(msgspec.Struct):
    dtype: str
    shape: tuple[int, ...]
    data_offsets: tuple[int, int]


def _header_bytes(path: Path) -> int:
    with path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
    if length > MAX_HEADER_BYTES:
        raise ValueError("the header is too long")
    return length


class _TensorsHeader:
    """The header of a safetensors file."""

    def __init__(self, path: Path, length: int) -> None:
        with path.open("rb") as file:
            file.seek(8)
            content = file.read(length)
        raw = msgspec.json.decode(content, type=dict[str, msgspec.Raw])
        metadata = raw.pop("__metadata__", None)
        decoded = {} if metadata is None else msgspec.json.decode(metadata, type=dict[str, str])
        self.entries = {key: msgspec.json.decode(one, type=_TensorEntry) for key, one in raw.items()}
        self.unforeseen_bytes = 0 if content.rstrip(b" ") == self._as_written(decoded) else compressed(content)
        """How much a header can contain that the library did not write: JSON can express the same value in many ways,
        and may have fields that nobody reads."""

    def _as_written(self, metadata: dict[str, str]) -> bytes:
        """Return the header as the library writes it, without the spaces at its end."""
        places = sorted(self.entries.items(), key=lambda one: one[1].data_offsets)
        fields = {
            key: {"dtype": one.dtype, "shape": one.shape, "data_offsets": one.data_offsets} for key, one in places
        }
        return msgspec.json.encode({"__metadata__": metadata, **fields} if metadata else fields)


def _safetensors(path: Path, size: int) -> _Count:
    """Count with the help of the library, which checks that the tensors fill the file without gaps or overlaps.

    Of a header these parts count: names that are not consecutive numbers, shapes of arrays that are empty or have
    unusually many dimensions, metadata, and the whole header if the library would have written it differently. The
    shape of another array does not count, because it contains no more than one of the array's numbers.
    """
    length = _header_bytes(path)
    with safe_open(path, framework="numpy") as file:
        metadata = sum(len(name.encode()) + len(value.encode()) for name, value in (file.metadata() or {}).items())
    numbers = _ArrayCounter()
    nbytes = 0
    unforeseen = []
    data = np.memmap(path, np.uint8, "r")[8 + length :] if size > 8 + length else np.zeros(0, np.uint8)
    header = _TensorsHeader(path, length)
    for place, (key, entry) in enumerate(sorted(header.entries.items())):
        count = math.prod(entry.shape)
        nbytes += (count * _bits(entry.dtype) + 7) // 8
        if entry.dtype in _DTYPES:
            begin, end = entry.data_offsets
            numbers.add(np.frombuffer(data[begin:end].tobytes(), _DTYPES[entry.dtype]))
        else:
            numbers.numbers += count * (2 if entry.dtype.startswith("C") else 1)
        if key != f"{place:05d}":
            unforeseen.append(key)
        if not count or len(entry.shape) > _USUAL_DIMENSIONS:
            unforeseen.append(f"{place} {entry.dtype} {list(entry.shape)}")
    forms = compressed("\n".join(unforeseen).encode("utf-8", "replace")) if unforeseen else 0
    return _Count(numbers.total(), nbytes, min(size - nbytes, metadata + forms + header.unforeseen_bytes))


def _bits(dtype: str) -> int:
    """Return the bits of a safetensors dtype: BOOL, U8, BF16, F8_E4M3, F4, ..."""
    digits = re.search(r"\d+", dtype)
    return int(digits.group()) if digits else 8


def _npy(file: BinaryIO, size: int) -> _Count:
    """Count by the header, which a regular expression reads, because NumPy would evaluate it as a Python literal."""
    start = file.read(12)
    if not _NPY_MAGIC.match(start):
        raise ValueError("not an npy file")
    wide = start[6] > 1
    length = int.from_bytes(start[8:12] if wide else start[8:10], "little")
    file.seek(12 if wide else 10)
    header = _NPY_HEADER.fullmatch(file.read(min(length, 10_000)))
    if header is None:
        raise ValueError("not a plain array")
    order, kind, itemsize, shape = (part.decode() for part in header.groups())
    if f"{kind}{itemsize}" not in _PLAIN_TYPES:
        raise ValueError("not plain numbers")
    numbers = math.prod(int(axis) for axis in shape.replace(" ", "").split(",") if axis)
    nbytes = numbers * int(itemsize)
    if nbytes + length + (12 if wide else 10) != size:
        raise ValueError("the header does not fit the file")
    found = _ArrayCounter()
    halves, width = (2, int(itemsize) // 2) if kind == "c" else (1, int(itemsize))
    if width in (4, 8):
        dtype = np.dtype(f"{order}{'f' if kind == 'c' else kind}{width}".replace("|", "="))
        for array in _blocks(file, dtype, numbers * halves):
            found.add(array)
    else:
        found.numbers = numbers
    return _Count(found.total(), nbytes, size - nbytes)


def _blocks(file: BinaryIO, dtype: np.dtype[Any], numbers: int) -> Iterator[Array]:
    """Yield the numbers of a file in blocks, in the machine's byte order."""
    left = numbers
    while left:
        count = min(left, _MANY_NUMBERS)
        raw = file.read(count * dtype.itemsize)
        if len(raw) < count * dtype.itemsize:
            raise ValueError("the file is truncated")
        yield np.frombuffer(raw, dtype).astype(dtype.newbyteorder("="))
        left -= count


def _npz(path: Path, size: int) -> _Count:
    """Count the members; what they contain beyond their arrays, compressed usually, counts as other bytes."""
    numbers = _ArrayCounter()
    array_bytes = 0
    with path.open("rb") as file, open_npz(file) as archive:
        members = archive.infolist()
        _require_apart(members)
        for member in members:
            with archive.open(member) as stream:
                count = _npy(stream, member.file_size)  # type: ignore[arg-type] # seekable and binary
            numbers.numbers += count.contents.numbers
            numbers.packed_bytes += count.contents.packed_bytes
            numbers.wide_bytes += count.contents.wide_bytes
            array_bytes += min(count.array_bytes, member.compress_size, _usual_size(archive, member))
    return _Count(numbers.total(), array_bytes, size - array_bytes)


def _require_apart(members: Sequence[zipfile.ZipInfo]) -> None:
    """Refuse an archive in which two members share bytes, because others would then belong to no member."""
    places = sorted((member.header_offset, member.header_offset + member.compress_size) for member in members)
    if any(after < end for (_, end), (after, _) in pairwise(places)):
        raise ValueError("members overlap")


def _usual_size(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> int:
    """Return the size that a member has if it is compressed quickly, or its own size if it is not compressed.

    A compressed member can be longer than its contents need: data can follow the end of what is compressed, and the
    same contents can be compressed in many ways.
    """
    if member.compress_type == zipfile.ZIP_STORED:
        return member.compress_size
    compressor, usual = zlib.compressobj(1), 0
    with archive.open(member) as stream:
        while block := stream.read(_MANY_NUMBERS):
            usual += len(compressor.compress(block))
    return usual + len(compressor.flush())
