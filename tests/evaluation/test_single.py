"""Floats of 64 bits are rounded to single precision in a copy of an artifact."""

from __future__ import annotations

import tracemalloc
import zipfile
from pathlib import Path

import msgspec
import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from harness.evaluation import _single
from harness.evaluation._single import copy_rounded

pytestmark = pytest.mark.unit

SHORTENED = float((np.array([-1e300]).view(np.uint64) >> np.uint64(29) << np.uint64(29)).view(np.float64)[0])
"""A number beyond the range of single precision, without the digits that single precision does not have."""


def test_doubles_are_rounded_to_single_and_all_else_stays(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    arrays = {
        "doubles": np.array([[np.pi, -1e300, np.inf], [0.0, np.nan, 1 / 3]]),
        "singles": np.full(3, np.pi, np.float32),
        "whole": np.arange(5),
    }
    save_file(arrays, tmp_path / "a" / "arrays.safetensors")
    (tmp_path / "a" / "structure.pkl").write_bytes(b"x")
    copy_rounded(tmp_path / "a", tmp_path / "b")
    found = load_file(tmp_path / "b" / "arrays.safetensors")
    expected = np.array([[np.float32(np.pi), SHORTENED, np.inf], [0.0, np.nan, np.float32(1 / 3)]])
    np.testing.assert_array_equal(found.pop("doubles"), expected)
    for name, array in found.items():
        np.testing.assert_array_equal(array, arrays[name])
    assert (tmp_path / "b" / "structure.pkl").read_bytes() == b"x"


def test_no_number_of_64_bits_keeps_digits_beyond_single_precision(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    digits = np.random.default_rng(0).integers(0, 1 << 29, 2_000).astype(np.uint64)
    exponents = np.arange(2_000, dtype=np.uint64) << np.uint64(52)
    numbers = (exponents | digits).view(np.float64)
    np.save(tmp_path / "a" / "n.npy", np.concatenate([numbers, -numbers]))
    copy_rounded(tmp_path / "a", tmp_path / "b")
    assert not (np.load(tmp_path / "b" / "n.npy").view(np.uint64) % np.uint64(1 << 29)).any()


@pytest.mark.parametrize("content", [b"", b"\xff" * 20, (2).to_bytes(8, "little") + b"[]", bytes(8)])
def test_an_invalid_safetensors_file_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "x.safetensors").write_bytes(content)
    with pytest.raises(ValueError, match="header"):
        copy_rounded(tmp_path / "a", tmp_path / "b")


@pytest.mark.parametrize("dtype", ["<f8", ">f8", "<c16"])
def test_arrays_in_npy_and_npz_files_are_rounded(tmp_path: Path, dtype: str) -> None:
    (tmp_path / "a").mkdir()
    numbers = np.array([[np.pi, 1 / 3], [-1e300, np.inf]]).astype(dtype)
    whole = np.arange(5)
    np.save(tmp_path / "a" / "n.npy", np.asfortranarray(numbers))
    np.savez(tmp_path / "a" / "n.npz", numbers=numbers, whole=whole)
    np.savez_compressed(tmp_path / "a" / "c.npz", numbers=numbers)
    copy_rounded(tmp_path / "a", tmp_path / "b")
    expected = np.array([[np.float32(np.pi), np.float32(1 / 3)], [SHORTENED, np.inf]]).astype(dtype)
    np.testing.assert_array_equal(np.load(tmp_path / "b" / "n.npy"), expected)
    with np.load(tmp_path / "b" / "n.npz") as found, np.load(tmp_path / "b" / "c.npz") as packed:
        np.testing.assert_array_equal(found["numbers"], expected)
        np.testing.assert_array_equal(packed["numbers"], expected)
        np.testing.assert_array_equal(found["whole"], whole)


@pytest.mark.parametrize("name", ["x.npy", "x.npz"])
@pytest.mark.parametrize("content", [b"", b"\xff" * 40, b"PK\x03\x04", b"\x93NUMPY\x01\x00\xff\xff'descr': '<f8'"])
def test_an_invalid_npy_or_npz_file_is_refused(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / name).write_bytes(content)
    with pytest.raises(ValueError, match=r"cannot be read|too long or missing"):
        copy_rounded(tmp_path / "a", tmp_path / "b")


def test_a_structured_array_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    np.save(tmp_path / "a" / "x.npy", np.zeros(3, [("a", "<f8"), ("b", "<f8")]))
    with pytest.raises(ValueError, match="header"):
        copy_rounded(tmp_path / "a", tmp_path / "b")


def overlapping(arrays: int) -> bytes:
    """Return a safetensors file whose arrays are all at the same place."""
    entries = {f"{number}": {"dtype": "F64", "shape": [1], "data_offsets": [0, 8]} for number in range(arrays)}
    header = msgspec.json.encode(entries)
    return len(header).to_bytes(8, "little") + header + bytes(8)


def test_arrays_that_overlap_are_refused(tmp_path: Path) -> None:
    """Each of them would be rounded, and a small file may have a hundred thousand."""
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "x.safetensors").write_bytes(overlapping(1))
    copy_rounded(tmp_path / "a", tmp_path / "b")
    (tmp_path / "a" / "x.safetensors").write_bytes(overlapping(2))
    with pytest.raises(ValueError, match="in another one"):
        copy_rounded(tmp_path / "a", tmp_path / "c")


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_archives_that_unpack_without_bounds_are_refused(tmp_path: Path, method: int) -> None:
    (tmp_path / "a").mkdir()
    with zipfile.ZipFile(tmp_path / "a" / "x.npz", "w", method) as archive:
        archive.writestr("x.npy", b"")
    with pytest.raises(ValueError, match="neither stored nor deflated"):
        copy_rounded(tmp_path / "a", tmp_path / "b")


def test_a_member_larger_than_it_says_is_not_unpacked(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    with zipfile.ZipFile(tmp_path / "a" / "x.npz", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("x.npy", bytes(32 << 20))
    content = bytearray((tmp_path / "a" / "x.npz").read_bytes())
    size = content.rindex(b"PK\x01\x02") + 24
    content[size : size + 4] = (100).to_bytes(4, "little")
    (tmp_path / "a" / "x.npz").write_bytes(content)
    tracemalloc.start()
    try:
        with pytest.raises(ValueError, match="cannot be read"):
            copy_rounded(tmp_path / "a", tmp_path / "b")
        assert tracemalloc.get_traced_memory()[1] < 4 << 20
    finally:
        tracemalloc.stop()


def test_all_archives_together_are_limited(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a").mkdir()
    for number in range(3):
        np.savez_compressed(tmp_path / "a" / f"{number}.npz", np.zeros(1000))
    monkeypatch.setattr(_single, "MAX_UNPACKED_BYTES", 26_000)
    copy_rounded(tmp_path / "a", tmp_path / "b")
    monkeypatch.setattr(_single, "MAX_UNPACKED_BYTES", 24_000)
    with pytest.raises(ValueError, match="too large"):
        copy_rounded(tmp_path / "a", tmp_path / "c")
