"""Sources in order, official bytes by digest, downloads whole or not at all, the prepared cache, private parts."""

from __future__ import annotations

import functools
import hashlib
import http.server
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import harness
import tests.declared
from harness.data import Places, TaskData, load_data
from harness.data._digest import data_digest
from harness.errors import InfrastructureError, TaskError
from tests.conftest import PATIENCE, TemporaryCourse

POINTS = np.random.default_rng(0).random((12, 2)).astype(np.float32)
LABELS = np.arange(12) % 2
OFFICIAL = POINTS.tobytes()
UNIT_SQUARE = harness.Inputs(shape=(2,), low=0, high=1)
DIGEST = f"sha256:{hashlib.sha256(OFFICIAL).hexdigest()}"


def parts_of(points: np.ndarray) -> harness.Parts:
    everything = harness.Split(points, LABELS)
    return harness.Parts(*(everything.take(range(start, stop)) for start, stop in ((0, 6), (6, 8), (8, 12))))


def read(folder: Path) -> harness.Parts:
    return parts_of(np.frombuffer((folder / "points.bin").read_bytes(), np.float32).reshape(12, 2))


COMMON: dict[str, Any] = {"licence": "none", "baseline": harness.Baseline(0.5), "counts": harness.Counts(6, 2, 4)}
LOCAL = harness.Local(title="local", files=("points.bin",), load=read, **COMMON)
EMBEDDED = harness.Embedded(title="embedded", load=lambda: parts_of(POINTS / 2), **COMMON)


def canonical(url: str = "http://127.0.0.1:9/points.bin", digest: str = DIGEST) -> harness.Canonical:
    file = harness.File(name="points.bin", url=url, digest=digest)
    return harness.Canonical(title="canonical", files=(file,), load=read, **COMMON)


def embedded(parts: harness.Parts) -> harness.Embedded:
    return tests.declared.source(parts=parts)


def task(*sources: harness.Canonical | harness.Local | harness.Embedded, **more: Any) -> harness.Task:
    return tests.declared.task("points", inputs=UNIT_SQUARE, sources=sources, **more)


ALL = (canonical(), LOCAL, EMBEDDED)


@pytest.fixture
def places(tmp_path: Path) -> Places:
    for name in ("root/points", "cache", "private/points"):
        (tmp_path / name).mkdir(parents=True)
    return Places(root=tmp_path / "root", cache=tmp_path / "cache", private=tmp_path / "private", offline=True)


def place(places: Places, content: bytes) -> Path:
    assert places.root is not None
    path = places.root / "points" / "points.bin"
    path.write_bytes(content)
    return path


def load(declared: harness.Task, places: Places, choice: Any = "auto") -> TaskData:
    return load_data(declared, "sha256:task", places, choice)


def test_files_with_official_digests_are_canonical_and_others_local(places: Places) -> None:
    place(places, OFFICIAL)
    official = load(task(*ALL), places)
    place(places, (POINTS / 3).tobytes())
    other = load(task(*ALL), places)
    assert (official.source.kind, other.source.kind) == ("canonical", "local")
    assert official.passed_over == ()
    assert "points.bin" in other.passed_over[0]
    assert "is not the official file" in other.passed_over[0]
    assert official.digest != other.digest


def test_the_digest_depends_on_group_members_and_not_on_group_names() -> None:
    def digest(groups: list[str] | None) -> str:
        return data_digest([harness.Split(np.zeros((3, 1)), np.zeros(3, np.int64), groups)])

    assert digest(["b", "b", "a"]) == digest(["x", "x", "y"])
    assert len({digest(None), digest(["a", "a", "b"]), digest(["a", "b", "b"]), digest(["a", "b", "c"])}) == 4


def test_without_files_the_embedded_source_is_used_with_the_reasons(places: Places) -> None:
    data = load(task(*ALL), places)
    assert data.source.kind == "embedded"
    assert any(f"{places.root}/points has no points.bin" in reason for reason in data.passed_over)
    assert any(
        reason.endswith("is not in the cache, and nothing is downloaded for this") for reason in data.passed_over
    )
    told = replace(places, why_offline=Places.of({"HARNESS_OFFLINE": "1"}).why_offline)
    assert any("HARNESS_OFFLINE is set" in reason for reason in load(task(*ALL), told).passed_over)
    nowhere = load(task(*ALL), replace(places, root=None))
    assert any("set HARNESS_DATA or --data-root" in reason for reason in nowhere.passed_over)


def test_a_kind_of_source_may_be_asked_for(places: Places) -> None:
    place(places, OFFICIAL)
    for choice in ("canonical", "local", "embedded"):
        assert load(task(*ALL), places, choice).source.kind == choice


@pytest.mark.parametrize(
    ("sources", "choice", "says"),
    [
        (
            ALL,
            "canonical",
            "no canonical data here .*has no points.bin.*nothing is downloaded.*<data root>/points/.*--data embedded",
        ),
        (ALL, "local", "no local data here .*has no points.bin.*<data root>/points/"),
        (ALL[:2], "auto", "no data here.*<data root>/points/"),
        (ALL[:1], "embedded", "the task declares no embedded source.*: use --data canonical"),
        (ALL[2:], "real", "the task declares only embedded data.*: use --data embedded$"),
    ],
)
def test_missing_data_is_an_error_that_says_what_was_tried(
    places: Places, sources: Any, choice: str, says: str
) -> None:
    with pytest.raises(InfrastructureError, match=says):
        load(task(*sources), places, choice)


def test_a_file_cut_short_is_named_and_no_other_source_is_used(places: Places) -> None:
    path = place(places, OFFICIAL[:50])
    with pytest.raises(InfrastructureError, match=r"the local data in .* cannot be read") as caught:
        load(task(*ALL), places)
    assert str(path.parent) in str(caught.value)
    assert "replace the file" in str(caught.value)


def test_a_folder_where_a_file_should_be_is_an_error(places: Places) -> None:
    place(places, b"").unlink()
    assert places.root is not None
    (places.root / "points" / "points.bin").mkdir()
    with pytest.raises((InfrastructureError, OSError)):
        load(task(*ALL), places)


# download


BOTH_ASKED = threading.Barrier(2, timeout=PATIENCE)


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *arguments: object) -> None:
        pass

    def do_GET(self) -> None:
        if self.path == "/cut.bin":
            self.send_response(200)
            self.send_header("Content-Length", str(len(OFFICIAL)))
            self.end_headers()
            self.wfile.write(OFFICIAL[:10])
        elif self.path == "/asked_for_twice.bin":
            BOTH_ASKED.wait()
            self.send_response(200)
            self.send_header("Content-Length", str(len(OFFICIAL)))
            self.end_headers()
            self.wfile.write(OFFICIAL)
        else:
            super().do_GET()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[tuple[Path, str]]:
    folder = tmp_path / "published"
    folder.mkdir()
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(folder))) as running:
        thread = threading.Thread(target=running.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield folder, f"http://127.0.0.1:{running.server_port}"
        finally:
            running.shutdown()
            thread.join()


def kept(places: Places) -> list[str]:
    return sorted(path.name for path in (places.cache / "files").rglob("*") if path.is_file())


def test_a_download_of_the_right_digest_is_kept_and_used_offline(places: Places, server: tuple[Path, str]) -> None:
    folder, url = server
    (folder / "points.bin").write_bytes(OFFICIAL)
    wanted = task(canonical(f"{url}/points.bin"), EMBEDDED)
    first = load(wanted, replace(places, offline=False))
    assert first.source.kind == "canonical"
    assert kept(places) == ["points.bin"]
    (folder / "points.bin").unlink()
    again = load(wanted, places)
    assert (again.source.kind, again.digest) == ("canonical", first.digest)


def test_two_processes_may_download_the_same_file_at_once(places: Places, server: tuple[Path, str]) -> None:
    wanted = task(canonical(f"{server[1]}/asked_for_twice.bin"), EMBEDDED)
    with ThreadPoolExecutor(2) as threads:
        found = list(threads.map(lambda _: load(wanted, replace(places, offline=False)), range(2)))
    assert [one.source.kind for one in found] == ["canonical", "canonical"]
    assert kept(places) == ["points.bin"]


def test_a_download_of_the_wrong_digest_is_an_error_and_not_kept(places: Places, server: tuple[Path, str]) -> None:
    folder, url = server
    (folder / "points.bin").write_bytes(b"something else")
    with pytest.raises(InfrastructureError, match="nothing was stored") as caught:
        load(task(canonical(f"{url}/points.bin"), EMBEDDED), replace(places, offline=False))
    assert f"{url}/points.bin" in str(caught.value)
    assert hashlib.sha256(b"something else").hexdigest() in str(caught.value)
    assert DIGEST in str(caught.value)
    assert kept(places) == []


@pytest.mark.parametrize("path", ["missing.bin", "cut.bin"])
def test_a_failed_download_is_skipped_and_leaves_no_file(
    places: Places, server: tuple[Path, str], path: str, caplog: pytest.LogCaptureFixture
) -> None:
    wanted = task(canonical(f"{server[1]}/{path}"), EMBEDDED)
    data = load(wanted, replace(places, offline=False))
    (told,) = caplog.messages
    assert told.startswith(f"downloading points.bin from {server[1]}/{path} (HARNESS_OFFLINE=1")
    assert data.source.kind == "embedded"
    assert any("points.bin cannot be downloaded" in reason for reason in data.passed_over)
    assert kept(places) == []
    with pytest.raises(InfrastructureError, match="cannot be downloaded"):
        load(wanted, replace(places, offline=False), "canonical")


def test_a_host_that_does_not_answer_is_skipped(places: Places) -> None:
    assert load(task(*ALL), replace(places, offline=False)).source.kind == "embedded"


def test_a_damaged_file_in_the_cache_is_downloaded_again(places: Places, server: tuple[Path, str]) -> None:
    folder, url = server
    (folder / "points.bin").write_bytes(OFFICIAL)
    spoilt = places.cache / "files" / "points" / "points.bin"
    spoilt.parent.mkdir(parents=True)
    spoilt.write_bytes(b"spoilt")
    wanted = task(canonical(f"{url}/points.bin"), EMBEDDED)
    assert load(wanted, places).source.kind == "embedded"
    assert load(wanted, replace(places, offline=False)).source.kind == "canonical"
    assert spoilt.read_bytes() == OFFICIAL


# the prepared cache


def counting() -> tuple[harness.Task, list[int]]:
    calls: list[int] = []

    def generate() -> harness.Parts:
        calls.append(1)
        return parts_of(POINTS)

    return task(harness.Embedded(title="counted", load=generate, **COMMON)), calls


def test_decoded_parts_are_cached_unchanged(places: Places) -> None:
    wanted, calls = counting()
    first, second = load(wanted, places), load(wanted, places)
    assert len(calls) == 1
    assert first.digest == second.digest
    assert second.train.inputs.dtype == np.float32
    load_data(wanted, "sha256:changed", places)
    assert len(calls) == 2


def test_groups_are_cached_with_the_parts(places: Places) -> None:
    def generate() -> harness.Parts:
        everything = harness.Split(POINTS, LABELS, list("aabbccddeeff"))
        return harness.Parts(*(everything.take(range(*ends)) for ends in ((0, 6), (6, 8), (8, 12))))

    wanted = task(harness.Embedded(title="grouped", load=generate, **COMMON))
    first, second = load(wanted, places), load(wanted, places)
    assert first.train.groups.tolist() == second.train.groups.tolist() == list("aabbcc")
    assert second.scored.groups.tolist() == list("eeff")


@pytest.mark.parametrize(
    "spoil",
    [
        pytest.param(lambda whole: b"", id="empty"),
        pytest.param(lambda whole: whole[: len(whole) // 2], id="cut"),
        pytest.param(lambda whole: b"garbage", id="garbage"),
        pytest.param(lambda whole: b"\x93NUMPY\x01\x00" + whole, id="array"),
        pytest.param(lambda whole: whole.replace(b"train_inputs", b"other_inputs"), id="other-names"),
        pytest.param(lambda whole: whole.replace(OFFICIAL[:16], bytes(16)), id="other-bytes"),
    ],
)
def test_a_damaged_cache_is_written_again(places: Places, spoil: Callable[[bytes], bytes]) -> None:
    wanted, calls = counting()
    good = load(wanted, places)
    (path,) = (places.cache / "prepared").iterdir()
    path.write_bytes(spoil(path.read_bytes()))
    assert load(wanted, places).digest == good.digest
    assert len(calls) == 2


def test_restricted_data_are_not_cached(places: Places) -> None:
    wanted, calls = counting()
    wanted = replace(wanted, restricted=True).named("points")
    load(wanted, places)
    load(wanted, places)
    assert len(calls) == 2
    assert not (places.cache / "prepared").exists()


# what is loaded is what was declared


def declared(kind: str = "classification", *, train: harness.Split, **more: Any) -> harness.Task:
    rest = harness.Split(train.inputs[:2], train.targets[:2])
    usual = {"kind": kind, "inputs": UNIT_SQUARE, "metrics": (METRICS[kind],)}
    return tests.declared.task("points", sources=(embedded(harness.Parts(train, rest, rest)),), **(usual | more))


METRICS = {
    "classification": harness.metrics.accuracy,
    "segmentation": harness.metrics.dice,
    "detection": harness.metrics.mean_average_precision,
    "forecasting": harness.metrics.mean_absolute_error,
}
TEXTS = {"inputs": harness.Inputs(shape=None, dtype="str")}


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        (declared(train=harness.Split(POINTS[:, :1], LABELS)), r"inputs have shape \(12, 1\), expected \(N, 2\)"),
        (declared(train=harness.Split(POINTS.astype(np.float64), LABELS)), "dtype float64, expected float32"),
        (declared(train=harness.Split(POINTS + 1, LABELS)), r"expected \[0, 1\]"),
        (declared(train=harness.Split(np.full((6, 2), np.nan, np.float32), LABELS[:6])), "not finite"),
        (declared(train=harness.Split(list(POINTS), LABELS)), "inputs are a list, expected a NumPy array of float32"),
        (declared(train=harness.Split(POINTS, LABELS.astype(np.int32))), "int64 labels"),
        (declared(train=harness.Split(POINTS, LABELS + 1)), r"labels in \[1, 2\], expected \[0, 1\]"),
        (declared(train=harness.Split(POINTS, LABELS - 1)), r"labels in \[-1, 0\]"),
        (declared(train=harness.Split(POINTS, LABELS[:, None])), r"shape \(12, 1\) and dtype int64, expected \(12,\)"),
        (declared(train=harness.Split(["a", 1, "b"], LABELS[:3]), **TEXTS), "an input is an int, expected a text"),
        (declared(train=harness.Split(POINTS[:0], LABELS[:0])), "a part is empty"),
        (
            declared("forecasting", train=harness.Split(POINTS, POINTS), classes=(), horizon=3),
            r"shape \(12, 2\) and dtype float32, expected \(N, 3\) floats",
        ),
        (
            declared("forecasting", train=harness.Split(POINTS, POINTS * np.nan), classes=(), horizon=2),
            "a target is not finite",
        ),
        (declared(train=harness.Split(POINTS, LABELS * 0)), "the train part has no item of class 'b'"),
    ],
)
def test_data_of_another_form_than_declared_are_the_instructors_error(
    places: Places, wrong: harness.Task, says: str
) -> None:
    with pytest.raises(TaskError, match=says) as caught:
        load(wrong, places)
    assert "task points, embedded data" in str(caught.value)


def test_other_counts_than_declared_are_an_error(places: Places) -> None:
    wrong = replace(EMBEDDED, counts=harness.Counts(6, 2, 5))
    with pytest.raises(TaskError, match=r"Counts\(train=6, validation=2, test=4\) items, expected"):
        load(task(wrong), places)


def test_a_digest_is_of_content_and_order(places: Places) -> None:
    digests = {
        load(declared(train=harness.Split(points, labels)), replace(places, cache=places.cache / str(number))).digest
        for number, (points, labels) in enumerate(
            [(POINTS, LABELS), (POINTS[::-1], LABELS), (POINTS, 1 - LABELS), (POINTS[:11], LABELS[:11])]
        )
    }
    assert len(digests) == 4


# private test parts


def private(places: Places, **arrays: np.ndarray) -> Path:
    assert places.private is not None
    path = places.private / "points" / "test.npz"
    np.savez(path, **arrays)
    return path


PRIVATE = task(EMBEDDED, private_test=True)


def test_a_private_test_part_brings_targets_and_may_bring_inputs(places: Places) -> None:
    elsewhere = load(PRIVATE, places)
    assert (elsewhere.test, elsewhere.private, elsewhere.scored_on) == (None, True, "validation")
    assert elsewhere.scored is elsewhere.validation
    private(places, targets=np.array([1, 1, 0, 0]))
    here = load(PRIVATE, places)
    assert here.scored_on == "test"
    assert here.scored.targets.tolist() == [1, 1, 0, 0]
    assert (here.scored.inputs == POINTS[8:] / 2).all()
    private(places, targets=np.array([1]), inputs=POINTS[:1])
    assert (load(PRIVATE, places).scored.inputs == POINTS[:1]).all()
    assert len({elsewhere.digest, here.digest, load(PRIVATE, places).digest}) == 3


@pytest.mark.parametrize(
    "wrong",
    [
        pytest.param({"targets": np.zeros(7, np.int64)}, id="of-another-length"),
        pytest.param({"labels": np.zeros(4, np.int64)}, id="without-targets"),
        pytest.param({"targets": np.array(["a"] * 4, object)}, id="with-objects"),
        pytest.param({"targets": np.full(4, 9)}, id="with-a-third-class"),
        pytest.param({"targets": np.zeros(4)}, id="with-floats-as-labels"),
        pytest.param({"targets": np.arange(2), "inputs": np.zeros((2, 5), np.float32)}, id="of-another-shape"),
        pytest.param({"targets": np.arange(2), "inputs": np.zeros((2, 2))}, id="of-another-dtype"),
    ],
)
def test_an_invalid_private_test_part_is_an_error(places: Places, wrong: dict[str, np.ndarray]) -> None:
    private(places, **wrong)
    with pytest.raises((InfrastructureError, TaskError), match="points"):
        load(PRIVATE, places)


@pytest.mark.parametrize(
    "content", [b"", b"garbage", b"PK\x03\x04", b"\x93NUMPY"], ids=["empty", "garbage", "cut", "npy"]
)
def test_a_private_test_file_that_is_broken_is_named(places: Places, content: bytes) -> None:
    path = private(places, targets=LABELS[:4])
    path.write_bytes(content)
    with pytest.raises(InfrastructureError, match="cannot be read") as caught:
        load(PRIVATE, places)
    assert str(path) in str(caught.value)


def test_a_private_test_file_that_holds_one_array_is_named(places: Places) -> None:
    path = private(places, targets=LABELS[:4])
    with path.open("wb") as file:
        np.save(file, LABELS[:4])
    with pytest.raises(InfrastructureError, match="cannot be read"):
        load(PRIVATE, places)


# and through the command line


FILES = """
import numpy as np
import harness

def read(folder):
    points = np.frombuffer((folder / "points.bin").read_bytes(), np.float32).reshape(12, 2)
    split = harness.Split(points, np.arange(12) % 2)
    return harness.Parts(split, split, split)

TASK = harness.Task(
    title="Points", kind="classification", inputs=harness.Inputs(shape=(2,)), classes=("a", "b"), split="s",
    metrics=(harness.metrics.accuracy,),
    sources=(
        harness.Local(title="files", files=("points.bin",), load=read, licence="l", baseline=harness.Baseline(0)),
    ),
)
"""


@pytest.mark.parametrize("content", [OFFICIAL[:50], b"", None], ids=["cut", "empty", "missing"])
def test_a_broken_data_file_exits_3_names_it_and_loses_nothing(
    course: TemporaryCourse, tmp_path: Path, content: bytes | None
) -> None:
    course.add_task("points", text=FILES)
    course.submit(task="points")
    folder = tmp_path / "data" / "points"
    folder.mkdir(parents=True)
    if content is not None:
        (folder / "points.bin").write_bytes(content)
    done = course.harness("evaluate", "submissions/bob", "--data-root", str(tmp_path / "data"))
    assert done.returncode == 3, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    assert str(folder) in done.stdout
    assert "0 failed, 1 could not be evaluated" in done.stdout.splitlines()[-1]
    assert not (course.root / "leaderboard" / "records").exists()


# Parts that overlap, masks and boxes


def overlapping(test_from: int) -> harness.Parts:
    everything = harness.Split(np.random.default_rng(1).random((400, 2)).astype(np.float32), np.arange(400) % 2)
    return harness.Parts(*(everything.take(range(*ends)) for ends in ((0, 200), (200, 300), (test_from, 400))))


def test_a_split_that_overlaps_is_the_instructors_error(places: Places) -> None:
    with pytest.raises(TaskError, match="10 of 110 test inputs are in the validation part as well: divide the items"):
        load(task(embedded(overlapping(290))), places)


def test_texts_that_overlap_are_found_as_well(places: Places) -> None:
    texts = harness.Split([f"text {number}" for number in range(20)], np.arange(20) % 2)
    parts = harness.Parts(*(texts.take(range(*ends)) for ends in ((0, 10), (7, 15), (15, 20))))
    declared = replace(task(embedded(parts)), inputs=harness.Inputs(shape=None, dtype="str")).named("texts")
    with pytest.raises(TaskError, match="3 of 8 validation inputs are in the train part"):
        load(declared, places)


def test_a_few_items_may_occur_twice_as_they_do_in_published_sets(places: Places) -> None:
    assert load(task(embedded(overlapping(296))), places).scored_on == "test"


SQUARES = np.random.default_rng(2).random((6, 4, 4)).astype(np.float32)


def of_kind(kind: str, targets: Any) -> harness.Task:
    everything = harness.Split(SQUARES, targets)
    parts = harness.Parts(*(everything.take(range(*ends)) for ends in ((0, 2), (2, 4), (4, 6))))
    metric = harness.metrics.dice if kind == "segmentation" else harness.metrics.mean_average_precision
    return replace(
        task(embedded(parts)),
        kind=kind,  # type: ignore[arg-type] # one of two
        inputs=harness.Inputs(shape=(4, 4)),
        metrics=(metric,),
    ).named("squares")


def boxes(*rows: tuple[float, ...]) -> list[np.ndarray]:
    return [np.array(rows, np.float64).reshape(-1, 5) for _ in SQUARES]


def test_valid_masks_and_boxes_are_accepted(places: Places) -> None:
    for kind, targets in (("segmentation", (SQUARES > 0.5).astype(np.uint8)), ("detection", boxes((0, 0, 1, 1, 1)))):
        places = replace(places, cache=places.cache / kind)
        assert len(load(of_kind(kind, targets), places).train) == 2


@pytest.mark.parametrize(
    ("kind", "targets", "says"),
    [
        ("segmentation", SQUARES, r"expected integer masks \(2, 4, 4\)"),
        ("segmentation", np.zeros((6, 4, 3), np.uint8), r"shape \(2, 4, 3\) and dtype uint8, expected integer masks"),
        ("segmentation", np.full((6, 4, 4), 2), r"masks in \[2, 2\], expected 0 to 1"),
        ("segmentation", np.zeros((6, 4, 4), bool), "dtype bool, expected integer masks"),
        ("segmentation", np.zeros((6, 4, 4), int), "no mask has a foreground"),
        ("detection", np.zeros((6, 5)), "expected a list with one"),
        ("detection", boxes((1, 1, 40, 40, 0)), "image 0 has a box outside its 4 × 4 pixels"),
        ("detection", boxes((0.1, 0.1, 0.4, 0.4, 0)), "expected pixels, not shares of the image"),
        ("detection", [np.zeros((1, 4))] * 6, r"image 0 have shape \(1, 4\), expected \(k, 5\)"),
        ("detection", boxes((1, 0, 1, 2, 0)), "image 0 has a box without area"),
        ("detection", boxes((0, 0, 1, 1, 2)), "image 0 has a box of unknown class: expected 0 to 1"),
    ],
)
def test_invalid_masks_and_boxes_are_the_instructors_error(places: Places, kind: str, targets: Any, says: str) -> None:
    with pytest.raises(TaskError, match=says):
        load(of_kind(kind, targets), places)
