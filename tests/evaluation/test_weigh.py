"""Numbers are counted from headers by the host; what it cannot read counts by its bytes."""

from __future__ import annotations

import io
import json
import math
import os
import zipfile
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

import harness
from harness.errors import SubmissionError
from harness.evaluation._snapshot import Snapshot
from harness.evaluation._weigh import Weight, weigh


def snapshot(source: int = 100, shipped: int = 0) -> Snapshot:
    return Snapshot(
        files=Path(), weights=None, digest="", source_bytes=source, shipped_bytes=shipped, problem=None
    )  # fmt: skip


def weighed(folder: Path, **limits: int) -> Weight:
    return weigh(folder, snapshot(), harness.Limits(**limits))


def npy(array: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, array)
    return buffer.getvalue()


def test_nothing_weighs_nothing(tmp_path: Path) -> None:
    assert weighed(tmp_path) == Weight(
        parameters=0, verified=True, artifact_bytes=0, knowledge_bytes=100, source_bytes=100
    )


@pytest.mark.parametrize("dtype", ["bool", "int8", "uint16", "float16", "float32", "int64", "float64"])
@pytest.mark.parametrize("suffix", ["safetensors", "npy", "npz"])
def test_arrays_of_every_width_count_their_numbers(tmp_path: Path, suffix: str, dtype: str) -> None:
    array = np.ones((300, 700), dtype)
    path = tmp_path / f"a.{suffix}"
    if suffix == "safetensors":
        save_file({"a": array, "b": array[0].copy(), "scalar": array[0, :1].reshape(()).copy()}, path)
        numbers = 210_000 + 700 + 1
    elif suffix == "npy":
        np.save(path, np.asfortranarray(array))
        numbers = 210_000
    else:
        np.savez(path, array, array[0], array[0, 0])
        numbers = 210_000 + 700 + 1
    found = weighed(tmp_path)
    assert (found.parameters, found.verified) == (numbers, True)
    assert found.artifact_bytes == path.stat().st_size
    assert found.knowledge_bytes == found.artifact_bytes + len(path.name) + 100


def test_compressed_arrays_count_what_they_unpack_to(tmp_path: Path) -> None:
    np.savez_compressed(tmp_path / "a.npz", np.zeros(1_000_000))
    assert weighed(tmp_path).parameters == 1_000_000


def test_a_complex_number_is_two(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", np.ones(10, complex))
    assert weighed(tmp_path).parameters == 20


def test_files_in_folders_count_too(tmp_path: Path) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    np.save(tmp_path / "a" / "b" / "c.npy", np.ones(10))
    assert weighed(tmp_path).parameters == 10


def lying_safetensors() -> bytes:
    header = json.dumps({"a": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}}).encode()
    return len(header).to_bytes(8, "little") + header + bytes(100_000)


def lying_npz() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("a.npy", lying_npy())
    return buffer.getvalue()


def lying_npy() -> bytes:
    return npy(np.ones(2, np.float32)) + bytes(100_000)


OPAQUE = {
    "empty.pt": b"",
    "one.pt": b"x",
    "weights.pt": bytes(100_001),
    "arrays.safetensors": lying_safetensors(),
    "cut.safetensors": lying_safetensors()[:20],
    "garbage.safetensors": b"\xff" * 200_000,
    "arrays.npy": lying_npy(),
    "cut.npy": npy(np.ones(50_000))[:100_000],
    "objects.npy": b"\x93NUMPY\x01\x00v\x00{'descr': '|O', 'fortran_order': False, 'shape': (1,), }".ljust(100_000),
    "code.npy": b"\x93NUMPY\x01\x00v\x00{'descr': __import__('os'), 'fortran_order': False, 'shape': (1,), }".ljust(99),
    "records.npy": npy(np.zeros(20_000, [("a", "f4"), ("b", "f4")])),
    "garbage.npy": b"x" * 100_000,
    "arrays.npz": lying_npz(),
    "garbage.npz": b"PK\x03\x04" + bytes(100_000),
    "array-by-another-name.bin": npy(np.ones(50_000)),
}


@pytest.mark.parametrize("name", OPAQUE)
def test_a_file_that_is_no_plain_array_counts_a_number_for_every_four_bytes(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(OPAQUE[name])
    found = weighed(tmp_path)
    assert found.parameters == math.ceil(len(OPAQUE[name]) / 4)
    assert found.verified == (len(OPAQUE[name]) < 65_436)


def test_metadata_in_a_safetensors_header_is_not_verified(tmp_path: Path) -> None:
    save_file({"a": np.ones(2, np.float32)}, tmp_path / "a.safetensors", metadata={"secret": "x" * 100_000})
    assert not weighed(tmp_path).verified


def test_four_bit_numbers_leave_no_room_for_others(tmp_path: Path) -> None:
    header = json.dumps({"a": {"dtype": "F4", "shape": [400_000], "data_offsets": [0, 200_000]}}).encode()
    content = len(header).to_bytes(8, "little") + header + bytes(200_000)
    (tmp_path / "a.safetensors").write_bytes(content)
    (tmp_path / "structure.pkl").write_bytes(os.urandom(150_000))  # nothing in it repeats
    assert not weighed(tmp_path).verified


def test_a_small_structure_holds_no_parameters(tmp_path: Path) -> None:
    model = harness.Model()
    model.weight, model.bias, model.name = np.ones((4, 3)), np.ones(3), "x"  # type: ignore[attr-defined]
    model.save(tmp_path)
    found = weighed(tmp_path)
    assert (found.parameters, found.verified) == (15, True)


def test_numbers_in_lists_are_not_parameters_for_free(tmp_path: Path) -> None:
    model = harness.Model()
    model.weight = np.random.default_rng(0).random(50_000).tolist()  # type: ignore[attr-defined]
    model.save(tmp_path)
    assert not weighed(tmp_path).verified
    with pytest.raises(SubmissionError, match=r"parameters .*, limit 1,000"):
        weighed(tmp_path, parameters=1_000)


@pytest.mark.parametrize(
    ("source", "shipped", "verified"), [(65_535, 0, True), (65_536, 0, False), (60_000, 5_536, False)]
)
def test_source_and_shipped_files_count_as_room_for_knowledge(
    tmp_path: Path, source: int, shipped: int, verified: bool
) -> None:
    found = weigh(tmp_path, snapshot(source, shipped), harness.Limits())
    assert found.verified is verified
    assert found.knowledge_bytes == source + shipped


@pytest.mark.parametrize(
    ("limits", "says"),
    [
        ({"parameters": 99}, "parameters 100, limit 99"),
        ({"artifact_bytes": 527}, "artifact_bytes 528, limit 527"),
    ],
)
def test_a_limit_passed_is_named_with_what_was_found(tmp_path: Path, limits: dict[str, int], says: str) -> None:
    np.save(tmp_path / "a.npy", np.ones(100, np.float32))
    with pytest.raises(SubmissionError, match=says) as caught:
        weighed(tmp_path, **limits)
    assert (caught.value.kind, caught.value.phase) == ("resource_limit", "weigh")


def test_a_limit_reached_is_not_passed(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", np.ones(100, np.float32))
    assert weighed(tmp_path, parameters=100, artifact_bytes=528).parameters == 100


def test_what_a_model_holds_is_told_by_attribute(tmp_path: Path) -> None:
    model = harness.Model()
    model.net, model.words, model.copy = np.ones((4, 3)), ["word"] * 1000, None  # type: ignore[attr-defined]
    model.copy = model.net  # type: ignore[attr-defined]
    model.save(tmp_path)
    held = {attribute.name: attribute for attribute in weighed(tmp_path).attributes}
    assert [held[name].numbers for name in ("net", "words", "copy")] == [12, 0, 0]
    assert held["words"].other_bytes > 1000 > held["copy"].other_bytes


@pytest.mark.parametrize(
    "told", ["", "[]", "no json", '[["x", -5, 9999999999, -1]]', '[["x", 0, 1]]', '[["' + "x" * 900 + '", 0, 1, 2]]']
)
def test_what_a_forged_header_tells_breaks_nothing(tmp_path: Path, told: str) -> None:
    save_file({"00000": np.ones(7)}, tmp_path / "arrays.safetensors", {"attributes": told})
    found = weighed(tmp_path)
    assert found.parameters == 7
    assert all(attribute.numbers in (0, 7) and len(attribute.name) <= 64 for attribute in found.attributes)


def test_structure_that_repeats_holds_little(tmp_path: Path) -> None:
    model = harness.Model()
    model.layers = [{"name": f"layer{n}", "kind": "linear", "activation": "relu"} for n in range(3000)]  # type: ignore[attr-defined]
    model.small = [np.full(3, n) for n in range(5000)]  # type: ignore[attr-defined]
    model.save(tmp_path)
    assert (tmp_path / "structure.pkl").stat().st_size > 65_536
    found = weighed(tmp_path)
    assert (found.parameters, found.verified) == (15_000, True)


@pytest.mark.parametrize(("numbers", "verified"), [(90_000, True), (80_000, False)])
def test_structure_below_a_tenth_of_the_arrays_is_verified(tmp_path: Path, numbers: int, verified: bool) -> None:
    (tmp_path / "structure.pkl").write_bytes(os.urandom(70_000))
    np.save(tmp_path / "a.npy", np.zeros(numbers))
    assert weighed(tmp_path).verified == verified


def test_a_header_that_is_all_header_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "a.safetensors").write_bytes((17 << 20).to_bytes(8, "little") + bytes(17 << 20))
    assert not weighed(tmp_path).verified


def test_files_that_cannot_be_read_as_arrays_are_named(tmp_path: Path) -> None:
    (tmp_path / "best").mkdir()
    (tmp_path / "best" / "net.pt").write_bytes(b"x")
    np.save(tmp_path / "a.npy", np.zeros(3))
    assert weighed(tmp_path).unread == ("best/net.pt",)


@pytest.mark.parametrize("descr", ["<f0", "<f00", "|b0"])
def test_a_header_of_numbers_without_bytes_is_no_array(tmp_path: Path, descr: str) -> None:
    """Else a file of hundred bytes would claim more parameters than a record can hold."""
    header = f"{{'descr': '{descr}', 'fortran_order': False, 'shape': ({10**30},), }}\n".encode()
    (tmp_path / "a.npy").write_bytes(b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header)
    assert weighed(tmp_path).parameters == math.ceil((10 + len(header)) / 4)
