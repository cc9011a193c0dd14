"""Locks on open files, where the system has them."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from harness.locks import exclusive_lock, try_lock, try_lock_file

pytestmark = pytest.mark.unit


@pytest.fixture
def path(tmp_path: Path) -> Path:
    (tmp_path / "lock").touch()
    return tmp_path / "lock"


@contextmanager
def opened(path: Path) -> Iterator[int]:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


@pytest.mark.skipif(sys.platform != "linux", reason="what a system grants is its own")
@pytest.mark.parametrize("first", ["shared", "alone"])
@pytest.mark.parametrize("second", ["shared", "alone"])
def test_a_lock_is_either_shared_by_many_or_exclusive_to_one(path: Path, first: str, second: str) -> None:
    with opened(path) as one, opened(path) as other:
        assert try_lock(one, shared=first == "shared")
        assert try_lock(other, shared=second == "shared") == (first == second == "shared")


def test_closing_the_descriptor_releases_the_lock(path: Path) -> None:
    for _ in range(2):
        with opened(path) as one:
            assert try_lock(one)


def test_without_locks_in_the_system_work_continues(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "fcntl", None)
    with opened(path) as one, opened(path) as other:
        assert try_lock(one)
        assert try_lock(other)


def test_a_lock_file_is_created_and_held_by_one_at_a_time(tmp_path: Path) -> None:
    path = tmp_path / "new"
    with exclusive_lock(path):
        assert try_lock_file(path) is None
        with pytest.raises(TimeoutError), exclusive_lock(path, timeout=0):
            pass
    with exclusive_lock(path, timeout=0):
        pass


def test_a_link_in_the_place_of_a_lock_file_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "lock").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OSError, match="symbolic links"):
        try_lock_file(tmp_path / "lock")
    assert not (tmp_path / "elsewhere").exists()


def test_without_locks_in_the_file_system_work_continues(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr("fcntl.flock", refuse)
    with exclusive_lock(path), exclusive_lock(path):
        pass
