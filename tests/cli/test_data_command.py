"""`harness data list|fetch|verify|private` as an instructor runs it, downloads from a server of our own."""

from __future__ import annotations

import functools
import hashlib
import http.server
import stat
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from tests.conftest import CENTROIDS, TemporaryCourse

GENERATOR = np.random.default_rng(0)
TARGETS = np.arange(90) % 3
POINTS = np.clip(np.array([[0.2, 0.2], [0.8, 0.2], [0.5, 0.8]])[TARGETS] + GENERATOR.normal(0, 0.05, (90, 2)), 0, 1)
OFFICIAL = POINTS.astype(np.float32).tobytes()
OWN = (1 - POINTS).astype(np.float32).tobytes()
DIGEST = f"sha256:{hashlib.sha256(OFFICIAL).hexdigest()}"

TASK = """
import numpy as np
import harness


def read(folder):
    points = np.frombuffer((folder / "points.bin").read_bytes(), np.float32).reshape(90, 2)
    everything = harness.Split(points, np.arange(90) % 3)
    return harness.Parts(*(everything.take(range(a, b)) for a, b in ((0, 45), (45, 66), (66, 90))))


COMMON = {"load": read, "baseline": harness.Baseline(0.5), "counts": harness.Counts(45, 21, 24)}
TASK = harness.Task(
    title="Points from afar",
    kind="classification",
    inputs=harness.Inputs(shape=(2,), low=0, high=1),
    classes=("a", "b", "c"),
    split="in order",
    metrics=(harness.metrics.accuracy,),
    sources=(
        harness.Canonical(
            title="the published points",
            licence="CC BY 4.0",
            files=(harness.File(name="points.bin", url="URL/points.bin", digest="DIGEST"),),
            **COMMON,
        ),
        harness.Local(title="points of one's own", licence="ask the owner", files=("points.bin",), **COMMON),
    ),
    MORE
)
"""


@dataclass
class Publisher:
    """A course with the task ``points``, and the server its file comes from."""

    course: TemporaryCourse
    folder: Path
    url: str
    asked: list[str]

    @property
    def cached(self) -> Path:
        """Where a download of the file is kept."""
        return Path(self.course.environment["XDG_CACHE_HOME"]) / "harness" / "files" / "points" / "points.bin"

    def declare(self, *, digest: str = DIGEST, more: str = "") -> None:
        """Write the task anew."""
        text = TASK.replace("URL", self.url).replace("DIGEST", digest).replace("MORE", more)
        self.course.add_task("points", text=text)

    def place(self, content: bytes) -> Path:
        """Put an instructor's file into the data root."""
        path = Path(self.course.root.parent, "data", "points", "points.bin")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        self.course.environment["HARNESS_DATA"] = str(path.parents[1])
        return path

    def kept(self) -> list[str]:
        """Name all files in the downloads' folder."""
        return [path.name for path in self.cached.parent.rglob("*") if path.is_file()]


@pytest.fixture
def publisher(course: TemporaryCourse, tmp_path: Path) -> Iterator[Publisher]:
    """Serve the official file; the network, which ends at this machine, is allowed."""
    folder, asked = tmp_path / "published", []
    folder.mkdir()
    (folder / "points.bin").write_bytes(OFFICIAL)

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002 - its own name
            asked.append(self.path)

    course.environment |= {"HARNESS_OFFLINE": "", "NO_PROXY": "*", "no_proxy": "*"}
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=folder)) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        published = Publisher(course, folder, f"http://127.0.0.1:{server.server_port}", asked)
        published.declare()
        yield published
        server.shutdown()
        thread.join()


# list


def test_list_names_licence_path_and_state_and_fetches_nothing(publisher: Publisher) -> None:
    own = publisher.place(OWN)
    done = publisher.course.harness("data", "list")
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert "points: Points from afar" in lines
    assert any("the published points" in line and "CC BY 4.0" in line for line in lines)
    assert any("points of one's own" in line and "ask the owner" in line for line in lines)
    assert f"    {own}: the instructor's own file" in lines
    assert f"    {publisher.cached}: not here" in lines
    assert any(line.startswith("blobs: ") for line in lines)
    assert str(own.parents[1]) in lines[-1]
    assert not publisher.asked
    own.write_bytes(OFFICIAL)
    assert f"    {own}: the official file" in publisher.course.harness("data", "list").stdout.splitlines()


# fetch


def test_fetch_keeps_the_file_says_where_and_a_second_time_needs_no_server(publisher: Publisher) -> None:
    first = publisher.course.harness("data", "fetch", "points")
    assert first.returncode == 0, first.stdout + first.stderr
    assert publisher.cached.read_bytes() == OFFICIAL
    assert str(publisher.cached.parent) in first.stdout
    assert "CC BY 4.0" in first.stdout
    assert publisher.kept() == ["points.bin"]
    assert publisher.asked == ["/points.bin"]
    publisher.course.environment["HARNESS_OFFLINE"] = "1"
    second = publisher.course.harness("data", "fetch")
    assert second.returncode == 0, second.stdout + second.stderr
    assert second.stdout.splitlines()[-1] == "all official files are in the cache"
    assert publisher.asked == ["/points.bin"]


def test_a_wrong_digest_is_an_infrastructure_error_and_nothing_is_kept(publisher: Publisher) -> None:
    (publisher.folder / "points.bin").write_bytes(OFFICIAL[:-4])
    done = publisher.course.harness("data", "fetch", "points")
    assert done.returncode == 3
    assert f"{publisher.url}/points.bin" in done.stderr
    assert DIGEST in done.stderr
    assert hashlib.sha256(OFFICIAL[:-4]).hexdigest() in done.stderr
    assert "Traceback" not in done.stderr
    assert publisher.kept() == []


def test_offline_a_missing_file_is_named_as_an_infrastructure_error(publisher: Publisher) -> None:
    publisher.course.environment["HARNESS_OFFLINE"] = "1"
    done = publisher.course.harness("data", "fetch", "points")
    assert done.returncode == 3
    assert "points.bin" in done.stderr
    assert "HARNESS_OFFLINE" in done.stderr
    assert publisher.asked == []
    assert publisher.kept() == []


def test_a_file_no_longer_published_is_an_infrastructure_error(publisher: Publisher) -> None:
    (publisher.folder / "points.bin").unlink()
    done = publisher.course.harness("data", "fetch", "points")
    assert done.returncode == 3
    assert "task points: points.bin cannot be downloaded" in done.stderr
    assert "try again, or put the files into <data root>/<task>/ and set HARNESS_DATA" in done.stderr
    assert publisher.kept() == []


def test_a_task_that_does_not_exist_is_a_usage_error(publisher: Publisher) -> None:
    for command in ("fetch", "verify", "private"):
        done = publisher.course.harness("data", command, "point")
        assert done.returncode == 2, command
        assert "points" in done.stderr


# verify


def test_a_damaged_file_in_the_cache_is_found_and_fetch_mends_it(publisher: Publisher) -> None:
    publisher.cached.parent.mkdir(parents=True)
    publisher.cached.write_bytes(b"damaged")
    found = publisher.course.harness("data", "verify")
    assert found.returncode == 1
    assert f"{publisher.cached}: damaged" in found.stdout
    assert found.stdout.splitlines()[-1].startswith("1 file, 1 damaged")
    assert publisher.course.harness("data", "fetch", "points").returncode == 0
    mended = publisher.course.harness("data", "verify", "points")
    assert mended.returncode == 0
    assert f"{publisher.cached}: the official file" in mended.stdout


def test_an_instructors_own_file_is_not_a_mistake(publisher: Publisher) -> None:
    own = publisher.place(OWN)
    done = publisher.course.harness("data", "verify", "points")
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{own}: the instructor's own file" in done.stdout
    assert done.stdout.splitlines()[-1] == "1 file, 0 damaged"


# private


def test_a_public_task_has_nothing_to_keep_private(publisher: Publisher) -> None:
    publisher.place(OFFICIAL)
    secrets = publisher.course.root.parent / "secrets"
    secrets.mkdir()
    publisher.course.environment["HARNESS_PRIVATE"] = str(secrets)
    done = publisher.course.harness("data", "private", "points")
    assert done.returncode == 2
    assert "private_test=True" in done.stderr
    assert list(secrets.iterdir()) == []


def test_a_private_part_needs_a_folder_to_keep_it_in(publisher: Publisher) -> None:
    publisher.declare(more="private_test=True,")
    publisher.place(OFFICIAL)
    done = publisher.course.harness("data", "private", "points")
    assert done.returncode == 2
    assert "HARNESS_PRIVATE" in done.stderr


@pytest.mark.parametrize("keep", ["targets", "inputs-and-targets"])
def test_a_private_part_is_readable_by_its_owner_alone_and_scored_on(publisher: Publisher, keep: str) -> None:
    course = publisher.course
    publisher.declare(more="private_test=True,")
    publisher.place(OFFICIAL)
    course.submit(CENTROIDS, task="points")
    secrets = course.root.parent / "secrets"
    secrets.mkdir()
    course.environment["HARNESS_PRIVATE"] = str(secrets)

    if keep == "targets":  # once will do
        before = course.harness("evaluate", "submissions/bob")
        assert before.returncode == 0, before.stdout + before.stderr
        assert "scored on validation" in before.stdout
        task = course.record(task="points")["task"]
        assert (task["scored_on"], task["test_labels"], task["n_test"]) == ("validation", "private", 0)

    done = course.harness("data", "private", "points", "--keep", keep)
    path = secrets / "points" / "test.npz"
    assert done.returncode == 0, done.stdout + done.stderr
    assert str(path) in done.stdout
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert [entry.name for entry in path.parent.iterdir()] == ["test.npz"]
    with np.load(path) as arrays:
        kept = dict(arrays)
    assert kept["targets"].tolist() == TARGETS[66:].tolist()
    assert set(kept) == ({"targets"} if keep == "targets" else {"targets", "inputs"})
    if keep == "inputs-and-targets":
        assert (kept["inputs"] == POINTS[66:].astype(np.float32)).all()

    after = course.harness("evaluate", "submissions/bob")
    assert after.returncode == 0, after.stdout + after.stderr
    task = course.record(task="points")["task"]
    assert (task["scored_on"], task["test_labels"], task["n_test"]) == ("test", "private", 24)


@pytest.mark.parametrize("command", ["list", "verify"])
def test_a_task_with_a_mistake_is_reported_and_stops_no_other(publisher: Publisher, command: str) -> None:
    publisher.course.add_task("broken", text="import harness\nTASK = harness.Task()\n")
    done = publisher.course.harness("data", command)
    assert done.returncode == 3, done.stdout + done.stderr
    assert "error: task broken" in done.stdout + done.stderr
    assert "points" in done.stdout or command == "verify"
