"""Temporary folders: gone when they are not needed, also those of who was killed."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from harness.scratch import Scratch, scratch

HOLDER = """
import sys, time
from harness.scratch import scratch
with scratch("test") as folder:
    (folder / "closed").mkdir()
    (folder / "closed" / "file").write_text("of somebody who is killed")
    (folder / "closed").chmod(0)
    print(folder, flush=True)
    time.sleep(60)
"""


@pytest.fixture(autouse=True)
def place(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def left(place):
    return sorted(path.name for path in place.iterdir())


def make_old(path):
    os.utime(path, (1, 1))


@pytest.fixture
def somebody(place):
    """A process that holds a folder, and the folder, which is an hour old."""
    environment = os.environ | {"TMPDIR": str(place)}
    command = [sys.executable, "-c", HOLDER]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        assert process.stdout is not None
        folder = Path(process.stdout.readline().strip())
        make_old(folder)
        yield process, folder
        process.kill()


def test_it_is_empty_private_and_gone_afterwards(place):
    with scratch("kind") as folder:
        assert folder.parent == place
        assert "kind" in folder.name
        assert folder.stat().st_mode & 0o777 == 0o700
        assert not list(folder.iterdir())
        (folder / "file").write_text("x")
    assert left(place) == []


def test_it_is_gone_after_an_error(place):
    with pytest.raises(KeyboardInterrupt), scratch("kind"):
        raise KeyboardInterrupt
    assert left(place) == []


def test_what_was_closed_within_is_removed_too(place):
    with scratch("kind") as folder:
        (folder / "a" / "b").mkdir(parents=True)
        (folder / "a" / "b" / "file").write_text("x")
        (folder / "a" / "b").chmod(0)
        (folder / "a").chmod(0)
    assert left(place) == []


def test_a_link_within_is_removed_and_not_followed(place):
    (place / "precious").mkdir(mode=0o750)
    (place / "precious" / "file").write_text("x")
    with scratch("kind") as folder:
        (folder / "link").symlink_to(place / "precious")
    assert left(place) == ["precious"]
    assert (place / "precious").stat().st_mode & 0o777 == 0o750
    assert (place / "precious" / "file").exists()


@pytest.mark.worker
def test_the_next_one_removes_what_a_killed_one_left(place, somebody):
    process, folder = somebody
    process.kill()
    process.wait()
    assert folder.exists()
    make_old(folder)
    with scratch("kind") as mine:
        assert left(place) == [mine.name]


@pytest.mark.worker
def test_what_somebody_still_needs_stays_however_old_it_is(place, somebody):
    _, folder = somebody
    with scratch("kind") as mine:
        assert left(place) == sorted([mine.name, folder.name])


def test_what_was_made_a_moment_ago_may_have_no_lock_yet(place):
    fresh = place / "harness-tmp-kind-other"
    fresh.mkdir()
    Scratch.make("kind").close()
    assert left(place) == [fresh.name]
    make_old(fresh)
    Scratch.make("kind").close()
    assert left(place) == []


def test_what_is_called_otherwise_or_is_no_folder_stays(place):
    (place / "elsewhere").mkdir()
    (place / "harness-tmp-link").symlink_to(place / "elsewhere")
    (place / "harness-tmp-file").write_text("x")
    (place / "harness-grade-1").mkdir()
    for name in ("elsewhere", "harness-tmp-file", "harness-grade-1"):
        make_old(place / name)
    Scratch.make("kind").close()
    assert left(place) == ["elsewhere", "harness-grade-1", "harness-tmp-file", "harness-tmp-link"]


@pytest.mark.skipif(os.geteuid() != 0, reason="gives a folder to another user")
def test_a_folder_of_another_user_is_left_alone(place):
    theirs = place / "harness-tmp-kind-theirs"
    theirs.mkdir()
    os.chown(theirs, 12345, 12345)
    make_old(theirs)
    Scratch.make("kind").close()
    assert left(place) == [theirs.name]
