"""Temporary folders are removed when they are no longer needed, also those of killed processes."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

import harness.scratch
from harness.locks import try_lock
from harness.scratch import Scratch, scratch

pytestmark = [pytest.mark.worker, pytest.mark.user]

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


def own(place):
    """The folder of this user's own among the temporary ones."""
    return place / f"harness-{os.geteuid()}"


def left(place):
    return sorted(path.name for path in place.iterdir())


@pytest.fixture
def somebody(place):
    """A process that holds a folder, and the folder."""
    environment = os.environ | {"TMPDIR": str(place)}
    command = [sys.executable, "-c", HOLDER]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        assert process.stdout is not None
        yield process, Path(process.stdout.readline().strip())
        process.kill()


def test_a_scratch_folder_is_empty_private_and_removed_afterwards(place):
    with scratch("kind") as folder:
        assert folder.parent == own(place)
        assert own(place).stat().st_mode & 0o777 == (0o711 if os.geteuid() == 0 else 0o700)
        assert "kind" in folder.name
        assert folder.stat().st_mode & 0o777 == 0o700
        assert not list(folder.iterdir())
        (folder / "file").write_text("x")
    assert left(place) == []


def test_a_scratch_folder_is_removed_after_an_error(place):
    with pytest.raises(KeyboardInterrupt), scratch("kind"):
        raise KeyboardInterrupt
    assert left(place) == []


def test_folders_without_permissions_inside_are_removed(place):
    with scratch("kind") as folder:
        (folder / "a" / "b").mkdir(parents=True)
        (folder / "a" / "b" / "file").write_text("x")
        (folder / "a" / "b").chmod(0)
        (folder / "a").chmod(0)
    assert left(place) == []


def test_a_link_inside_is_removed_and_not_followed(place):
    (place / "precious").mkdir(mode=0o750)
    (place / "precious" / "file").write_text("x")
    with scratch("kind") as folder:
        (folder / "link").symlink_to(place / "precious")
    assert left(place) == ["precious"]
    assert (place / "precious").stat().st_mode & 0o777 == 0o750
    assert (place / "precious" / "file").exists()


def test_the_folder_of_a_killed_process_is_removed_by_the_next(place, somebody):
    process, folder = somebody
    process.kill()
    process.wait()
    assert folder.exists()
    with scratch("kind") as mine:
        assert left(own(place)) == [mine.name, f"{mine.name}.lock"]
    assert left(place) == []


def test_a_folder_in_use_is_not_removed(place, somebody):
    _, folder = somebody
    with scratch("kind") as mine:
        names = (mine.name, folder.name)
        assert left(own(place)) == sorted([*names, *(f"{name}.lock" for name in names)])
    assert left(own(place)) == [folder.name, f"{folder.name}.lock"]


def test_folders_of_other_names_and_links_are_not_removed(place):
    (place / "elsewhere").mkdir()
    (place / "elsewhere" / "file").touch()
    own(place).mkdir(0o700)
    (own(place) / "tmp-link").symlink_to(place / "elsewhere")
    (own(place) / "tmp-link.lock").touch()
    (own(place) / "own-work.lock").touch()
    Scratch.make("kind").close()
    assert left(own(place)) == ["own-work.lock", "tmp-link"]
    assert left(place / "elsewhere") == ["file"]


def test_many_processes_never_share_a_folder(place):
    """Each removes the folder they share when it is empty, and makes it when it is not there."""
    command = [
        sys.executable,
        "-c",
        "from harness.scratch import Scratch\nfor _ in range(300): Scratch.make('x').close()",
    ]
    environment = os.environ | {"TMPDIR": str(place)}
    running = [subprocess.Popen(command, env=environment) for _ in range(3)]
    assert [process.wait() for process in running] == [0, 0, 0]
    assert left(place) == []


def a_link(path, elsewhere):
    path.symlink_to(elsewhere)


def a_file(path, elsewhere):
    path.touch()


def a_link_to_nothing(path, elsewhere):
    path.symlink_to(elsewhere / "nothing")


def a_folder_that_others_write_to(path, elsewhere):
    path.mkdir()
    path.chmod(0o777)


def a_folder_of_another_user(path, elsewhere):
    if os.geteuid() != 0:
        pytest.skip("gives a folder to another user")
    path.mkdir(0o700)
    os.chown(path, 12345, 12345)


@pytest.mark.parametrize(
    "squat", [a_link, a_link_to_nothing, a_file, a_folder_that_others_write_to, a_folder_of_another_user]
)
def test_a_name_that_is_taken_is_not_used(place, squat):
    (place / "elsewhere").mkdir()
    squat(own(place), place / "elsewhere")
    with scratch("kind") as folder, scratch("kind") as other:
        assert folder.parent == other.parent != own(place)
        assert folder.parent.name.startswith(f"{own(place).name}-")
        assert folder.parent.stat().st_mode & 0o022 == 0
    assert left(place) == ["elsewhere", own(place).name]
    assert left(place / "elsewhere") == []


def test_a_lock_on_a_removed_file_does_not_count(place, monkeypatch):
    """The other one swept between the making of the file and its locking: it would remove the folder, too."""
    removed = []

    def lock_late(descriptor):
        if not removed:
            (path,) = own(place).glob("*.lock")
            path.unlink()
            removed.append(path)
        return try_lock(descriptor)

    monkeypatch.setattr(harness.scratch, "try_lock", lock_late)
    with scratch("kind") as folder:
        assert removed
        assert left(own(place)) == [folder.name, f"{folder.name}.lock"]
