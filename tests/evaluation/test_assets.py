"""Pretrained weights: found or fetched by the host, seen by `fit` alone, and part of what decides a result."""

from __future__ import annotations

import functools
import http.server
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import harness
from harness.errors import TaskError
from tests.classroom.evaluated import Classroom
from tests.classroom.others import DIGEST, LOOKS, WEIGHTS
from tests.conftest import TemporaryCourse
from tests.declared import task

Answers = Callable[..., tuple[dict[str, Any], set[int]]]


def declare(course: TemporaryCourse, url: str = "http://127.0.0.1:9", digest: str = DIGEST) -> None:
    file = f'harness.File(name="start.bin", url="{url}/start.bin", digest="{digest}", licence="BSD-3-Clause")'
    course.add_task(more=f"assets=({file},),")


def give(course: TemporaryCourse, content: bytes = WEIGHTS) -> None:
    """Put `content` where a data root would have the asset."""
    folder = course.root.parent / "data" / "blobs"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "start.bin").write_bytes(content)
    course.environment["HARNESS_DATA"] = str(folder.parent)


@pytest.fixture
def answers(course: TemporaryCourse) -> Answers:
    """Evaluate the model that looks, and return what its evidence says it answered."""

    def evaluate(*options: str) -> tuple[dict[str, Any], set[int]]:
        record = course.evaluate(LOOKS, *options)
        assert record["failure"] is None, record["failure"]
        folder = course.root / ".harness" / "evidence" / "blobs" / "bob"
        with np.load(next(folder.rglob("items.npz"))) as items:
            return record, set(items["predictions"].tolist())

    return evaluate


def test_fit_alone_sees_the_asset_and_cannot_change_it(classroom: Classroom) -> None:
    assert answered(classroom, "assisted") == {2}
    assert (classroom.root.parent / "data" / "assisted" / "start.bin").read_bytes() == WEIGHTS


def test_without_the_file_the_mapping_lacks_it(classroom: Classroom) -> None:
    assert answered(classroom, "unassisted") == {1}


def test_a_file_with_another_digest_is_not_the_asset(classroom: Classroom) -> None:
    assert answered(classroom, "misassisted") == {1}


def answered(classroom: Classroom, task: str) -> set[int]:
    record = classroom.record("looks", task)
    assert record["failure"] is None, record["failure"]
    with np.load(next(classroom.evidence("looks", task).rglob("items.npz"))) as items:
        return set(items["predictions"].tolist())


def test_a_record_without_the_asset_is_not_reused_with_it(course: TemporaryCourse, answers: Answers) -> None:
    declare(course)
    without, _ = answers()
    give(course)
    with_it, labels = answers()
    assert labels == {2}
    assert without["run"]["id"] != with_it["run"]["id"]
    assert answers()[0]["run"]["started"] == with_it["run"]["started"]


def test_every_repeat_sees_it(course: TemporaryCourse) -> None:
    declare(course)
    give(course)
    record = course.evaluate(LOOKS, "--repeats", "2")
    assert record["failure"] is None
    assert len(record["run"]["repeats"]) == 2


def test_check_provides_the_asset_too(course: TemporaryCourse) -> None:
    declare(course)
    give(course)
    needs_it = LOOKS.replace("self.size = ", "assert path is not None; self.size = ")
    course.submit(needs_it.replace("if self.task.assets:", "if False:"))  # check asks the one that was fitted, too
    done = course.harness("check", "submissions/bob")
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture
def server(tmp_path: Path) -> Iterator[str]:
    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's name
            pass

    folder = tmp_path / "published"
    folder.mkdir()
    (folder / "start.bin").write_bytes(WEIGHTS)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(folder))) as running:
        threading.Thread(target=running.serve_forever, args=(0.01,), daemon=True).start()
        yield f"http://127.0.0.1:{running.server_address[1]}"
        running.shutdown()


def test_an_asset_that_was_fetched_is_used_afterwards(course: TemporaryCourse, server: str, answers: Answers) -> None:
    course.environment["HARNESS_OFFLINE"] = ""
    declare(course, server)
    assert answers()[1] == {1}
    done = course.harness("data", "fetch", "blobs")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "start.bin; BSD-3-Clause" in done.stdout
    assert answers()[1] == {2}
    assert "start.bin: the official file" in course.harness("data", "list").stdout.replace("\n", "")


def test_fetch_offline_says_what_is_missing(course: TemporaryCourse, server: str) -> None:
    declare(course, server)
    done = course.harness("data", "fetch", "blobs")
    assert done.returncode == 3
    assert "start.bin is not in the cache, and HARNESS_OFFLINE is set" in done.stdout + done.stderr


def test_a_download_of_another_digest_is_refused(course: TemporaryCourse, server: str) -> None:
    course.environment["HARNESS_OFFLINE"] = ""
    declare(course, server, digest=f"sha256:{'0' * 64}")
    done = course.harness("data", "fetch", "blobs")
    assert done.returncode == 3
    assert "nothing was stored" in done.stdout + done.stderr


def test_show_names_the_assets(course: TemporaryCourse) -> None:
    declare(course)
    assert "start.bin" in course.harness("tasks", "show", "blobs").stdout


def test_an_asset_needs_a_licence() -> None:
    file = harness.File(name="a.bin", url="http://127.0.0.1:9/a.bin", digest=DIGEST)
    with pytest.raises(TaskError, match=r"harness\.File objects, each with its licence"):
        task(kind="segmentation", classes=(), metrics=(harness.metrics.dice,), assets=(file,))
