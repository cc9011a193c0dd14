"""Numbers are counted, and all else that can be known; what cannot be read counts by its bytes."""

from __future__ import annotations

import io
import itertools
import json
import math
import os
import struct
import zipfile
import zlib
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

import harness
from harness.artifact import SubmissionContents, Vocabulary, count_contents, count_submission
from harness.artifact._count import MAX_HEADER_BYTES
from harness.errors import SubmissionError
from harness.evaluation._weigh import (
    ALLOWANCE_BYTES,
    LITERALS_BYTES,
    Weight,
    describe_attributes,
    weigh,
    why_not_verified,
)

pytestmark = pytest.mark.unit

SOURCE = SubmissionContents(source_bytes=100)


def weighed(folder: Path, beside: SubmissionContents = SOURCE, texts: tuple[str, ...] = (), **limits: int) -> Weight:
    weight = weigh(count_contents(folder, Vocabulary(texts) if texts else None), beside, 0)
    weight.enforce(harness.Limits(**limits))
    return weight


def saved(folder: Path, **attributes: object) -> Path:
    """Return a folder with what the default save writes of a model with these attributes."""
    model = harness.Model()
    vars(model).update(attributes)
    model.save(folder)
    return folder


def test_attributes_that_hold_nothing_are_not_counted_as_more(tmp_path: Path) -> None:
    weight = weighed(saved(tmp_path, net=np.ones(9, np.float32), **{f"option_{n}": n for n in range(9)}))
    assert describe_attributes(weight) == "self.net 9 numbers"


def test_only_attributes_that_hold_something_are_counted_as_more(tmp_path: Path) -> None:
    weight = weighed(saved(tmp_path, step=1, **{f"a{n}": np.ones(n, np.float32) for n in range(1, 8)}))
    assert describe_attributes(weight).startswith("self.a7 7 numbers, self.a6 6 numbers")
    assert describe_attributes(weight).endswith("self.a3 3 numbers and 2 more")


def test_what_a_module_holds_is_not_named_by_its_private_attribute(tmp_path: Path) -> None:
    weight = weighed(saved(tmp_path, _modules={"net": np.ones(9, np.float32)}))
    assert describe_attributes(weight) == "the modules of self 9 numbers"


def npy(array: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, array)
    return buffer.getvalue()


def test_nothing_weighs_nothing(tmp_path: Path) -> None:
    found = weighed(tmp_path)
    assert (found.parameters, found.verified, found.artifact_bytes, found.knowledge_bytes) == (0, True, 0, 100)


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
    assert abs(found.knowledge_bytes - found.artifact_bytes) < 400


def test_compressed_arrays_count_what_they_unpack_to(tmp_path: Path) -> None:
    np.savez_compressed(tmp_path / "a.npz", np.zeros(1_000_000))
    assert weighed(tmp_path).parameters == 1_000_000


def test_a_complex_number_counts_as_two(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", np.ones(10, complex))
    assert weighed(tmp_path).parameters == 20


def test_files_in_folders_count_too(tmp_path: Path) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    np.save(tmp_path / "a" / "b" / "c.npy", np.ones(10))
    assert weighed(tmp_path).parameters == 10


def deflated(content: bytes, after: bytes = b"") -> bytes:
    """Return an archive with one compressed member, with other bytes after the end of what is compressed."""
    compressor = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed = compressor.compress(content) + compressor.flush() + after
    facts = struct.pack("<HHHHIIIH", 0, 8, 0, 33, zlib.crc32(content), len(packed), len(content), 5)
    local = b"PK\x03\x04\x14\x00" + facts + b"\0\0a.npy" + packed
    central = b"PK\x01\x02\x14\x00\x14\x00" + facts + bytes(16) + b"a.npy"
    return local + central + struct.pack("<4sHHHHIIH", b"PK\x05\x06", 0, 0, 1, 1, len(central), len(local), 0)


def test_bytes_after_the_end_of_a_compressed_array_are_knowledge(tmp_path: Path) -> None:
    zeros = npy(np.zeros(8_000, np.int64))
    (tmp_path / "a.npz").write_bytes(deflated(zeros))
    assert weighed(tmp_path).verified
    (tmp_path / "a.npz").write_bytes(deflated(zeros, random_bytes(60_000)))
    assert not np.load(tmp_path / "a.npz")["a"].any()
    assert not weighed(tmp_path).verified


def test_an_array_compressed_in_an_unusual_way_is_other_knowledge(tmp_path: Path) -> None:
    """The same zeros in blocks that are stored, although the archive could compress them."""
    content = npy(np.zeros(8_000, np.int64))
    with zipfile.ZipFile(tmp_path / "a.npz", "w", zipfile.ZIP_DEFLATED, compresslevel=0) as archive:
        archive.writestr("a.npy", content)
    assert not weighed(tmp_path).verified
    with zipfile.ZipFile(tmp_path / "a.npz", "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("a.npy", content)
    assert weighed(tmp_path).verified


@pytest.mark.parametrize("level", range(1, 10))
def test_an_archive_compressed_at_any_level_is_verified(tmp_path: Path, level: int) -> None:
    random = np.random.default_rng(0)
    for number, array in enumerate([random.normal(size=50_000), random.integers(0, 3, 200_000), np.zeros(9_000)]):
        with zipfile.ZipFile(tmp_path / f"{number}.npz", "w", zipfile.ZIP_DEFLATED, compresslevel=level) as archive:
            archive.writestr("a.npy", npy(array.astype(np.float32)))
    found = weighed(tmp_path)
    assert found.verified, why_not_verified(found)
    assert found.contents.other_bytes < 2_000


def test_members_of_an_archive_that_share_bytes_are_not_read(tmp_path: Path) -> None:
    one = deflated(npy(np.zeros(500)))
    entry = one[one.index(b"PK\x01\x02") : -22]
    twice = one[:-22] + entry.replace(b"a.npy", b"b.npy")
    end = struct.pack("<4sHHHHIIH", b"PK\x05\x06", 0, 0, 2, 2, 2 * len(entry), one.index(b"PK\x01\x02"), 0)
    (tmp_path / "a.npz").write_bytes(twice + end)
    assert weighed(tmp_path).unread == ("a.npz",)


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
def test_another_file_counts_one_number_for_every_four_bytes(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(OPAQUE[name])
    found = weighed(tmp_path)
    assert found.parameters == math.ceil(len(OPAQUE[name]) / 4)
    assert found.verified == (len(OPAQUE[name]) < ALLOWANCE_BYTES - 200)


def test_metadata_in_a_safetensors_header_is_not_verified(tmp_path: Path) -> None:
    save_file({"a": np.ones(2, np.float32)}, tmp_path / "a.safetensors", metadata={"secret": "x" * 100_000})
    assert not weighed(tmp_path).verified


def as_blanks(content: bytes) -> str:
    return "".join(" \t\n\r"[byte >> shift & 3] for byte in content for shift in (0, 2, 4, 6))


ONE_ARRAY = '{"00000":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}'
HEADERS = {
    "blanks between its parts": lambda told: ONE_ARRAY.replace(":", ":" + as_blanks(told), 1),
    "blanks at its end": lambda told: ONE_ARRAY + as_blanks(told),
    "fields that nobody reads": lambda told: ONE_ARRAY.replace("}}", f',"more":"{told.hex()}"}}}}'),
    "arrays that are overwritten": lambda told: ONE_ARRAY.replace(
        "{", "{" + "".join(f'"00000":{{"dtype":"{told[n : n + 900].hex()}"}},' for n in range(0, len(told), 900)), 1
    ),
}


@pytest.mark.parametrize("where", HEADERS)
def test_bytes_in_an_unusual_header_are_counted(tmp_path: Path, where: str) -> None:
    header = HEADERS[where](random_bytes(20_000)).encode()
    (tmp_path / "a.safetensors").write_bytes(len(header).to_bytes(8, "little") + header + bytes(4))
    found = weighed(tmp_path)
    assert not found.verified
    assert found.knowledge_bytes > 20_000


def test_a_usual_header_counts_only_its_names_and_metadata(tmp_path: Path) -> None:
    arrays = {"b": np.zeros(3, np.float32), "00001": np.zeros(2), "zé\n": np.zeros(0, np.uint8)}
    save_file(arrays, tmp_path / "a.safetensors", {"ké": 'v"x\x1b'})
    assert weighed(tmp_path).knowledge_bytes - 100 - 28 < 60


def test_four_bit_arrays_do_not_make_a_large_structure_verified(tmp_path: Path) -> None:
    header = json.dumps({"a": {"dtype": "F4", "shape": [400_000], "data_offsets": [0, 200_000]}}).encode()
    content = len(header).to_bytes(8, "little") + header + bytes(200_000)
    (tmp_path / "a.safetensors").write_bytes(content)
    (tmp_path / "structure.pkl").write_bytes(os.urandom(150_000))  # nothing in it repeats
    assert not weighed(tmp_path).verified


def test_a_small_structure_adds_no_parameters_and_is_verified(tmp_path: Path) -> None:
    found = weighed(saved(tmp_path, weight=np.ones((4, 3)), bias=np.ones(3), name="x"))
    assert (found.parameters, found.verified) == (15, True)


def test_numbers_in_lists_are_counted_as_parameters(tmp_path: Path) -> None:
    saved(tmp_path, weight=np.random.default_rng(0).random(50_000).tolist())
    assert not weighed(tmp_path).verified
    with pytest.raises(SubmissionError, match=r"parameters .*, limit 1,000"):
        weighed(tmp_path, parameters=1_000)


@pytest.mark.parametrize("place", ["source_bytes", "data_bytes", "name_bytes"])
def test_all_files_beside_the_model_count_as_possible_knowledge(tmp_path: Path, place: str) -> None:
    few, many = SubmissionContents(**{place: ALLOWANCE_BYTES}), SubmissionContents(**{place: ALLOWANCE_BYTES + 1})
    assert weighed(tmp_path, few).verified
    found = weighed(tmp_path, many)
    assert not found.verified
    assert found.knowledge_bytes == ALLOWANCE_BYTES + 1
    with pytest.raises(SubmissionError, match="limit 1"):
        weighed(tmp_path, SubmissionContents(**{place: ALLOWANCE_BYTES + 8}), parameters=1)


def test_a_table_written_into_the_source_is_not_verified(tmp_path: Path) -> None:
    found = weighed(tmp_path, SubmissionContents(source_bytes=4_000, literal_bytes=LITERALS_BYTES + 1))
    assert not found.verified
    assert "written in the source" in why_not_verified(found)


def random_bytes(count: int) -> bytes:
    return np.random.default_rng(0).bytes(count)


def bits_as(dtype: str, count: int) -> np.ndarray:
    return np.frombuffer(random_bytes(count * np.dtype(dtype).itemsize), dtype)


PACKED = {
    "sixteen weights of four bits in an integer of 64": lambda: bits_as("i8", 4_000),
    "eight in one of 32": lambda: bits_as("u4", 8_000),
    "integers that are scalars": lambda: list(bits_as("i8", 3_000).reshape(-1, 1)),
    "integers whose differences are small, but not theirs": lambda: bits_as("i8", 4_000) ^ np.arange(4_000),
    "bytes called floats": lambda: bits_as("f8", 4_000),
    "bytes called single floats": lambda: bits_as("f4", 8_000),
    "floats with bytes in their fractions": lambda: 1 + bits_as("u8", 6_000) / 2.0**65,
    "what is not a number": lambda: (bits_as("u8", 6_000) | np.uint64(0x7FF8 << 48)).view("f8"),
    "halves of complex numbers": lambda: (1 + bits_as("u8", 6_000) / 2.0**65).view("c16"),
    "single halves of complex numbers": lambda: bits_as("u4", 8_000).view("f4").view("c8"),
}


@pytest.mark.parametrize("what", PACKED)
@pytest.mark.parametrize("own_save", [False, True])
def test_arrays_with_more_bytes_than_declared_are_not_verified(tmp_path: Path, what: str, own_save: bool) -> None:
    arrays = PACKED[what]()
    if own_save:
        np.savez(tmp_path / "a.npz", *(arrays if isinstance(arrays, list) else [arrays]))
    else:
        saved(tmp_path, table=arrays)
    assert not weighed(tmp_path).verified


def test_an_integer_that_packs_64_bits_is_more_than_one_number(tmp_path: Path) -> None:
    assert weighed(saved(tmp_path, table=bits_as("i8", 4_000))).parameters >= 16_000


HONEST = {
    "labels": lambda rng: rng.integers(0, 10, 50_000),
    "a tree's children": lambda rng: np.stack([np.arange(1, 40_001), rng.integers(-1, 40_000, 40_000)]),
    "where rows begin": lambda rng: np.cumsum(rng.integers(0, 200, 30_000)),
    "times a minute apart": lambda rng: 1_600_000_000_000_000_000 + 60_000_000_000 * np.arange(20_000),
    "pictures": lambda rng: rng.integers(0, 256, (100, 28, 28)),
    "weights of a network": lambda rng: rng.normal(0, 0.05, (200, 300)).astype(np.float32),
    "weights that nearly all are small": lambda rng: (rng.normal(0, 1, 50_000) ** 5).astype(np.float32),
    "whole numbers and halves": lambda rng: rng.integers(0, 500, 40_000) / 2,
    "the state of a generator": lambda rng: np.random.RandomState(0).get_state()[1],
    "a thousand counters": lambda rng: [np.array(391 * n) for n in range(1_000)],
}


@pytest.mark.parametrize("what", HONEST)
def test_arrays_with_as_many_bytes_as_declared_are_verified(tmp_path: Path, what: str) -> None:
    found = weighed(saved(tmp_path, table=HONEST[what](np.random.default_rng(0))))
    assert found.verified, why_not_verified(found)


TEXTS = tuple(f"the patient{n} had pain{n} in the chest{n} and fever{n}" for n in range(4_000))
WORDS = [f"{word}{n}" for n in range(4_000) for word in ("patient", "pain", "chest", "fever")]


@pytest.mark.parametrize(
    "keep",
    [
        lambda words: {word: place for place, word in enumerate(words)},
        lambda words: {"itos": words, "stoi": dict(zip(words, range(len(words)), strict=True))},
        lambda words: np.array(words, object),
    ],
    ids=["dictionary", "both ways", "array"],
)
def test_words_of_the_training_texts_count_as_one_number_each(tmp_path: Path, keep: object) -> None:
    saved(tmp_path, vocabulary=keep(WORDS))  # type: ignore[operator]
    assert not weighed(tmp_path).verified
    found = weighed(tmp_path, texts=TEXTS)
    assert found.verified, why_not_verified(found)
    assert found.parameters >= len(WORDS)


def test_words_absent_from_the_training_texts_are_outside_knowledge(tmp_path: Path) -> None:
    brought = {random_bytes(4_000)[n : n + 12].hex(): n for n in range(3_000)}
    assert not weighed(saved(tmp_path, vocabulary=brought), texts=TEXTS).verified


def test_letter_case_and_separators_of_words_count_as_knowledge(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    cased = ["".join(np.where(random.random(len(word)) < 0.5, list(word), list(word.upper()))) for word in WORDS]
    parted = [f"pain{chr(0x4E00 + n)}chest{chr(0x2F800 + n % 500)}fever" for n in range(4_000)]
    for words in (cased, parted):
        assert not weighed(saved(tmp_path, vocabulary=words), texts=TEXTS).verified


def test_numbers_after_words_that_are_too_large_for_an_index_count(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    packed = {word: int(number) for word, number in zip(WORDS, random.integers(-(2**31), 2**31, 16_000), strict=True)}
    assert not weighed(saved(tmp_path, vocabulary=packed), texts=TEXTS).verified


def test_an_index_of_more_words_than_16_bits_count_is_no_knowledge(tmp_path: Path) -> None:
    words = [f"{word}{n}" for word in ("pain", "chest") for n in range(40_000)]
    numbers = np.random.default_rng(0).permutation(len(words)) + 2  # after two for padding and unknown words
    vocabulary = {word: int(number) for word, number in zip(words, numbers, strict=True)}
    vocabulary = {"<pad>": 0, "<unk>": 1, **vocabulary}
    found = weighed(saved(tmp_path, vocabulary=vocabulary, table=np.zeros((80_002, 1))), texts=(" ".join(words),))
    assert found.verified, why_not_verified(found)


def test_the_places_of_names_of_arrays_count_as_knowledge(tmp_path: Path) -> None:
    """A name that is expected contains nothing, but where it stands among other operations does."""
    names, pickled = itertools.count(), bytearray(b"\x80\x04(")
    for bit in np.unpackbits(np.frombuffer(random_bytes(20_000), np.uint8)):
        pickled += b"N" + (b"\x8c\x05%05d" % next(names) if bit else b"")
    (tmp_path / "structure.pkl").write_bytes(pickled + b"l.")
    found = weighed(tmp_path)
    assert not found.verified
    assert found.knowledge_bytes > 20_000


def test_names_of_arrays_with_unusual_spelling_count_as_knowledge(tmp_path: Path) -> None:
    """A pickle can write a text in many ways, and what reads it again sees which it was."""
    random = np.random.default_rng(0)
    ways = [lambda letter: letter, lambda letter: f"\\x{ord(letter):02x}", lambda letter: f"\\{ord(letter):03o}"]
    names = [
        "".join(ways[way](letter) for way, letter in zip(random.integers(0, 3, 5), f"{n:05d}", strict=True))
        for n in range(20_000)
    ]
    (tmp_path / "structure.pkl").write_bytes(b"".join(f"S'{name}'\n0".encode() for name in names) + b"N.")
    assert not weighed(tmp_path).verified


def test_bytes_in_attributes_of_a_model_are_counted(tmp_path: Path) -> None:
    found = weighed(saved(tmp_path, table=random_bytes(20_000)))
    assert not found.verified
    assert found.knowledge_bytes > 20_000
    assert "self.table" in why_not_verified(found)


@pytest.mark.parametrize(
    ("limits", "says"),
    [
        ({"parameters": 99}, "parameters 100, limit 99"),
        ({"artifact_bytes": 527}, "artifact_bytes 528, limit 527"),
    ],
)
def test_an_exceeded_limit_is_named_with_what_was_found(tmp_path: Path, limits: dict[str, int], says: str) -> None:
    np.save(tmp_path / "a.npy", np.ones(100, np.float32))
    with pytest.raises(SubmissionError, match=says) as caught:
        weighed(tmp_path, **limits)
    assert (caught.value.kind, caught.value.phase) == ("resource_limit", "weigh")


def test_a_limit_that_is_reached_is_not_exceeded(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", np.ones(100, np.float32))
    assert weighed(tmp_path, parameters=100, artifact_bytes=528).parameters == 100


def test_what_a_model_holds_is_reported_by_attribute(tmp_path: Path) -> None:
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
def test_a_forged_header_causes_no_error(tmp_path: Path, told: str) -> None:
    save_file({"00000": np.ones(7)}, tmp_path / "arrays.safetensors", {"attributes": told})
    found = weighed(tmp_path)
    assert found.parameters == 7
    assert all(attribute.numbers in (0, 7) and len(attribute.name) <= 64 for attribute in found.attributes)


def test_repetitive_structure_counts_little(tmp_path: Path) -> None:
    layers = [{"name": f"layer{n}", "kind": "linear", "activation": "relu"} for n in range(500)]
    saved(tmp_path, layers=layers, small=[np.full(3, n) for n in range(5000)])
    assert (tmp_path / "structure.pkl").stat().st_size > 65_536
    found = weighed(tmp_path)
    assert (found.parameters, found.verified) == (15_000, True)


@pytest.mark.parametrize(("numbers", "verified"), [(180_000, True), (170_000, False)])
@pytest.mark.parametrize("dtype", ["f4", "f8"])
def test_structure_smaller_than_a_tenth_of_the_arrays_is_verified(
    tmp_path: Path, numbers: int, verified: bool, dtype: str
) -> None:
    (tmp_path / "structure.pkl").write_bytes(os.urandom(70_000))
    np.save(tmp_path / "a.npy", np.zeros(numbers, dtype))
    assert weighed(tmp_path).verified == verified


@pytest.mark.parametrize(("length", "is_read"), [(MAX_HEADER_BYTES, True), (MAX_HEADER_BYTES + 1, False)])
def test_a_file_that_claims_to_be_all_header_is_not_read(tmp_path: Path, length: int, is_read: bool) -> None:
    header = json.dumps({"a": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}}, separators=(",", ":")).encode()
    (tmp_path / "a.safetensors").write_bytes(length.to_bytes(8, "little") + header.ljust(length) + bytes(8))
    assert (weighed(tmp_path).unread == ()) == is_read


def test_files_that_cannot_be_read_as_arrays_are_named(tmp_path: Path) -> None:
    (tmp_path / "best").mkdir()
    (tmp_path / "best" / "net.pt").write_bytes(b"x")
    np.save(tmp_path / "a.npy", np.zeros(3))
    assert weighed(tmp_path).unread == ("best/net.pt",)


def test_elements_of_a_size_unknown_to_numpy_are_not_verified(tmp_path: Path) -> None:
    """NumPy reads none of a hundred bytes, but whatever is handed in may."""
    header = b"{'descr': '|b99', 'fortran_order': False, 'shape': (2000,), }\n"
    (tmp_path / "a.npy").write_bytes(b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header + bytes(198_000))
    found = weighed(tmp_path)
    assert found.parameters > 198_000 // 4
    assert not found.verified


@pytest.mark.parametrize("descr", ["<f0", "<f00", "|b0"])
def test_a_header_of_numbers_without_bytes_is_not_an_array(tmp_path: Path, descr: str) -> None:
    """Else a file of hundred bytes would claim more parameters than a record can hold."""
    header = f"{{'descr': '{descr}', 'fortran_order': False, 'shape': ({10**30},), }}\n".encode()
    (tmp_path / "a.npy").write_bytes(b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header)
    assert weighed(tmp_path).parameters == math.ceil((10 + len(header)) / 4)


CODE = "class Model:\n    def predict(self, inputs):\n        return self.net(inputs)\n"
CARRIERS = {
    "a text": lambda told: f"{CODE}DATA = {told!r}\n",
    "a docstring": lambda told: f'{CODE}    def data(self):\n        """{told}"""\n',
    "comments": lambda told: CODE + "".join(f"# {told[n : n + 80]}\n" for n in range(0, len(told), 80)),
    "spaces": lambda told: CODE + "".join(" " * ord(letter) + "\n" for letter in told),
    "a table": lambda told: f"{CODE}DATA = {[ord(letter) for letter in told]}\n",
    "names": lambda told: CODE + "".join(f"n{told[n : n + 60]} = 1\n" for n in range(0, len(told), 60)),
    "what is not Python": lambda told: f"{CODE}DATA = {told!r}\nprint 'x'\n",
}


@pytest.mark.parametrize("carrier", CARRIERS)
def test_knowledge_in_the_source_is_weighed_wherever_it_stands(tmp_path: Path, carrier: str) -> None:
    (tmp_path / "model.py").write_text(CARRIERS[carrier](random_bytes(8_000).hex()))
    (tmp_path / "empty").mkdir()
    assert not weighed(tmp_path / "empty", count_submission(tmp_path)).verified


def test_knowledge_in_names_of_files_beside_is_weighed(tmp_path: Path) -> None:
    (tmp_path / "beside" / "n").mkdir(parents=True)
    for n in range(100):
        (tmp_path / "beside" / "n" / random_bytes(12_000)[n * 100 :][:100].hex()).touch()
    (tmp_path / "empty").mkdir()
    found = weighed(tmp_path / "empty", count_submission(tmp_path / "beside"))
    assert not found.verified
    assert "names of files" in why_not_verified(found)


def test_what_explains_a_program_is_not_knowledge(tmp_path: Path) -> None:
    (tmp_path / "bare.py").write_text(CODE)
    bare = count_submission(tmp_path).source_bytes
    explained = CODE + "".join(f"# Step {n} of what is done: see the lecture on convolutions\n" for n in range(200))
    (tmp_path / "bare.py").write_text(explained.replace("inputs):", 'inputs):\n        """Answer."""'))
    assert count_submission(tmp_path).source_bytes == bare


@pytest.mark.parametrize(
    "source",
    ["(" * 100_000, "-" * 500_000 + "1", "x = " + "[" * 3_000, "\0", "\ud800".encode("utf-8", "surrogatepass")],
)
def test_a_source_that_cannot_be_parsed_is_weighed_as_it_is(tmp_path: Path, source: str | bytes) -> None:
    content = source if isinstance(source, bytes) else source.encode()
    (tmp_path / "model.py").write_bytes(content)
    assert 0 < count_submission(tmp_path).source_bytes <= len(content)


def test_an_archive_with_a_long_list_of_members_is_not_read(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.npz", "w") as archive:
        for n in range(1_000):
            archive.writestr(f"{n:05000}.npy", npy(np.zeros(3)))
    assert weighed(tmp_path).unread == ("a.npz",)
