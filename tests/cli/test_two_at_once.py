"""Records stay complete when several evaluations run at once and when a disk is full."""

from __future__ import annotations

import csv
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import CENTROIDS, TemporaryCourse

SLOW_TO_WRITE = """
import os, sys, time
from pathlib import Path
import harness.api._board as options
from harness.cli import main

write = options.write_board

def wait_for(condition, seconds):
    until = time.monotonic() + seconds
    while not condition() and time.monotonic() < until:
        time.sleep(0.05)

def write_late(folder, board):
    Path(os.environ["MARKER"]).touch()
    wait_for((folder / "records" / "blobs" / "quick.json").exists, 30)
    wait_for((folder / "leaderboard.csv").exists, 3)
    time.sleep(0.2)
    write(folder, board)

options.write_board = write_late
sys.argv = ["harness", "evaluate", "submissions/slow"]
main()
"""
"""Another process may hold it back here for any reason; after a while it goes on whatever the others do."""


def start(course: TemporaryCourse, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, *arguments],
        cwd=course.root,
        env=os.environ | course.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def finish(processes: list[subprocess.Popen[str]]) -> list[tuple[int, str]]:
    """Wait for all; whatever happens none is left."""
    try:
        return [(process.wait(), said) for process in processes for said in [process.communicate(timeout=200)[0]]]
    finally:
        for process in processes:
            process.kill()


def history(course: TemporaryCourse, name: str = "bob") -> list[dict[str, Any]]:
    path = course.root / "leaderboard" / "records" / "blobs" / f"{name}.history.jsonl"
    return [json.loads(line) for line in path.read_bytes().splitlines()] if path.exists() else []


def rows(course: TemporaryCourse, name: str = "leaderboard.csv") -> list[dict[str, str]]:
    with (course.root / "leaderboard" / name).open(newline="") as file:
        return list(csv.DictReader(file, strict=True))


def temporary_files(course: TemporaryCourse) -> list[str]:
    """Name what `write_atomically` would leave if it did not clean up."""
    folders = [course.root / "leaderboard", course.root / ".harness"]
    return [path.name for folder in folders for path in folder.rglob(".*") if path.is_file()]


@pytest.fixture(scope="module")
def crowded(tmp_path_factory: pytest.TempPathFactory) -> TemporaryCourse:
    """Evaluate bob three times, and ann and eve, in four processes at a time."""
    base = tmp_path_factory.mktemp("two-at-once")
    course = TemporaryCourse.below(base)
    course.add_task()
    for name in ("bob", "ann", "eve"):
        course.submit(name=name)
    runs = [("bob",), ("bob", "ann"), ("eve",), ("bob",)]
    ended = finish(
        [
            start(course, "-P", "-m", "harness", "evaluate", "--force", *map("submissions/{}".format, names))
            for names in runs
        ]
    )
    assert [code for code, _ in ended] == [0] * 4, "\n".join(said for _, said in ended)
    assert not any("Traceback" in said for _, said in ended)
    return course


@pytest.mark.thorough
@pytest.mark.line
def test_every_record_is_complete_and_of_its_own_submission(crowded: TemporaryCourse) -> None:
    for name in ("bob", "ann", "eve"):
        record = crowded.record(name)
        assert (record["submission"]["name"], record["status"]) == (name, "passed")


@pytest.mark.thorough
@pytest.mark.line
def test_no_line_of_the_history_is_lost_or_torn(crowded: TemporaryCourse) -> None:
    earlier = history(crowded)
    assert [record["submission"]["name"] for record in earlier] == ["bob"] * 2
    everything = [json.dumps(record) for record in (*earlier, crowded.record())]
    assert len(set(everything)) == 3
    assert history(crowded, "ann") == history(crowded, "eve") == []


@pytest.mark.thorough
@pytest.mark.line
def test_the_leaderboard_parses_and_no_partial_file_is_left(crowded: TemporaryCourse) -> None:
    assert {row["submission"] for row in rows(crowded)} <= {"bob", "ann", "eve"}
    assert all(row["status"] == "passed" for row in rows(crowded))
    assert rows(crowded, "blobs.csv")
    assert "bob" in (crowded.root / "leaderboard" / "README.md").read_text()
    assert temporary_files(crowded) == []


@pytest.mark.thorough
@pytest.mark.line
def test_a_rebuilt_leaderboard_names_everybody_and_reads_everything(crowded: TemporaryCourse) -> None:
    done = crowded.harness("leaderboard")
    assert done.returncode == 0, done.stderr
    assert sorted(row["submission"] for row in rows(crowded)) == ["ann", "bob", "eve"]
    assert "could not be read" not in (crowded.root / "leaderboard" / "README.md").read_text()
    assert not list((crowded.root / "leaderboard").rglob("*.unreadable-*"))


@pytest.mark.thorough
def test_a_leaderboard_written_late_keeps_records_made_in_between(course: TemporaryCourse, tmp_path: Path) -> None:
    course.submit(name="slow")
    course.submit(name="quick")
    marker = tmp_path / "about-to-write"
    course.environment["MARKER"] = str(marker)
    slow = start(course, "-c", SLOW_TO_WRITE)
    try:
        while not marker.exists() and slow.poll() is None:
            time.sleep(0.05)
        quick = course.harness("evaluate", "submissions/quick")
    finally:
        ((code, said),) = finish([slow])
    assert (code, quick.returncode) == (0, 0), said + quick.stdout + quick.stderr
    assert sorted(row["submission"] for row in rows(course)) == ["quick", "slow"]


# full disks


@contextmanager
def small_disk(folder: Path) -> Iterator[None]:
    """Put what is in `folder` on a disk of 1 MB mounted there for the time being, unmounted whatever happens."""
    if os.geteuid() != 0:
        pytest.skip("only root can mount a small disk")
    kept = folder.rename(folder.with_name(f"{folder.name}-before"))
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m,mode=755", "tmpfs", str(folder)]
    if subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("this root may not mount a disk")
    try:
        shutil.copytree(kept, folder, dirs_exist_ok=True)
        yield
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)
        folder.rmdir()
        kept.rename(folder)


def fill(folder: Path) -> Path:
    """Write until not a byte goes in."""
    path = folder / "filler"
    with path.open("wb", buffering=0) as file:
        try:
            while file.write(b"\0" * 4096):
                pass
        except OSError:
            return path
    raise AssertionError("the disk never filled up")


@dataclass(frozen=True)
class Squeezed:
    """What an evaluation on a full disk said and left, and one after there was room again."""

    done: subprocess.CompletedProcess[str]
    before: bytes
    """The record."""
    after: bytes
    temporary: list[str]
    earlier: bytes
    """The history."""
    left: bytes
    again: subprocess.CompletedProcess[str]
    at_last: bytes
    """The history once there was room."""


def squeeze(course: TemporaryCourse, full: str) -> Squeezed:
    record = course.root / "leaderboard" / "records" / "blobs" / "bob.json"
    past = record.with_suffix(".history.jsonl")
    with small_disk(course.root / full):
        before, earlier = record.read_bytes(), past.read_bytes()
        filler = fill(course.root / full)
        done = course.harness("evaluate", "submissions/bob", "--force")
        after, left, temporary = record.read_bytes(), past.read_bytes(), temporary_files(course)
        filler.unlink()
        again = course.harness("evaluate", "submissions/bob", "--force")
        return Squeezed(done, before, after, temporary, earlier, left, again, past.read_bytes())


@pytest.fixture(scope="module")
def squeezed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Squeezed]:
    """Evaluate with a full leaderboard, and with a full private folder."""
    base = tmp_path_factory.mktemp("full")
    course = TemporaryCourse.below(base)
    course.add_task()
    course.evaluate()
    course.evaluate(CENTROIDS, "--force")
    return {full: squeeze(course, full) for full in ("leaderboard", ".harness")}


@pytest.mark.thorough
@pytest.mark.line
@pytest.mark.parametrize("full", ["leaderboard", ".harness"])
def test_a_full_disk_is_an_infrastructure_error_that_says_so(squeezed: dict[str, Squeezed], full: str) -> None:
    done = squeezed[full].done
    assert done.returncode == 3, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    assert "No space left on device" in done.stdout + done.stderr
    assert done.stdout.splitlines()[-1].endswith("1 could not be evaluated")


@pytest.mark.thorough
@pytest.mark.line
@pytest.mark.parametrize("full", ["leaderboard", ".harness"])
def test_a_full_disk_leaves_the_old_record_and_no_temporary_file(squeezed: dict[str, Squeezed], full: str) -> None:
    assert squeezed[full].after == squeezed[full].before
    assert squeezed[full].temporary == []


@pytest.mark.thorough
@pytest.mark.line
@pytest.mark.parametrize("full", ["leaderboard", ".harness"])
def test_a_full_disk_leaves_the_history_as_it_was(squeezed: dict[str, Squeezed], full: str) -> None:
    assert squeezed[full].left == squeezed[full].earlier


@pytest.mark.thorough
@pytest.mark.line
@pytest.mark.parametrize("full", ["leaderboard", ".harness"])
def test_with_room_again_the_same_command_works_and_the_history_is_whole(
    squeezed: dict[str, Squeezed], full: str
) -> None:
    found = squeezed[full]
    assert found.again.returncode == 0, found.again.stdout + found.again.stderr
    lines = [json.loads(line) for line in found.at_last.splitlines()]
    assert lines == [*map(json.loads, found.earlier.splitlines()), json.loads(found.before)]


@pytest.mark.user
def test_links_that_others_put_into_shared_folders_stop_no_command(course: TemporaryCourse, tmp_path: Path) -> None:
    """A link in the place of the lock of the machine, and one in that of this user's temporary folder."""
    shared = tmp_path / "shared"
    shared.mkdir(mode=0o755)
    for name in ("harness-work.lock", f"harness-{os.geteuid()}"):
        (shared / name).symlink_to(tmp_path / "nowhere")
    course.environment |= {"HARNESS_LOCKS": str(shared), "TMPDIR": str(shared)}
    course.add_task()
    course.submit(CENTROIDS, name="ann")
    done = course.process("evaluate", "submissions/ann")
    assert done.returncode == 0, done.stdout + done.stderr
    assert course.record("ann")["cost"]["latency"]["noisy"] is True
    assert done.stderr.count("harness-work.lock cannot be opened to lock it") == 1
    assert "(noisy machine)" in done.stdout
