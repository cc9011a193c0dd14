"""Temporary folders in a place of one's own, which do not outlive for long whoever made them, even one that was killed.

A folder that many people share, such as ``/tmp``, holds one folder a user: a name there that can be foretold can be
taken by anybody beforehand.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from harness.locks import try_lock

_PREFIX, _LOCK = "tmp-", ".lock"
_ATTEMPTS = 100
"""More than so often nobody meets the moment in which another removes what is empty."""
_OTHERS_WRITE = stat.S_IWGRP | stat.S_IWOTH


def own_folder(base: Path) -> Path:
    """Return a folder in `base` that is this user's, to which no other user can write, made if need be.

    Nobody but this user can look into it; a root host's workers, whose uids are others, can pass through. Its name is
    ``harness-`` and the uid. If another user has taken that name (or put a link in its place), it has a longer one,
    which is found again.

    Raises:
        OSError: `base` is no folder to write to.
    """
    me = os.geteuid() if hasattr(os, "geteuid") else None
    name = "harness" if me is None else f"harness-{me}"
    mode = 0o711 if me == 0 else 0o700
    for folder in chain([base / name], base.glob(f"{name}-*")):
        with contextlib.suppress(FileExistsError):
            folder.mkdir(mode)
            folder.chmod(mode)  # whatever the umask
        with contextlib.suppress(FileNotFoundError):
            if _is_own(folder.lstat(), me):
                return folder
    folder = Path(tempfile.mkdtemp(prefix=f"{name}-", dir=base))
    folder.chmod(mode)
    return folder


def _is_own(status: os.stat_result, me: int | None) -> bool:
    mine = me is None or (status.st_uid == me and not status.st_mode & _OTHERS_WRITE)
    return stat.S_ISDIR(status.st_mode) and mine


@dataclass(frozen=True)
class Scratch:
    """An empty folder, 0700, in this user's own among the temporary ones; a lock beside it says that it is needed."""

    path: Path
    _lock: int

    @classmethod
    def make(cls, kind: str) -> Scratch:
        """Make one whose name tells its `kind`, having removed those of ours that nobody needs any more.

        Raises:
            OSError: the temporary folder is no folder to write to.
        """
        base = Path(tempfile.gettempdir())
        for _ in range(_ATTEMPTS):
            with contextlib.suppress(FileNotFoundError):  # somebody found it empty and removed it
                folder = own_folder(base)
                _sweep(folder)
                if made := cls._claim(folder, kind):
                    return made
        raise FileNotFoundError(f"{base} is not there, or one's own folder in it is removed again and again")

    @classmethod
    def _claim(cls, folder: Path, kind: str) -> Scratch | None:
        """Make one in `folder`; None if its lock, before it was held, was taken for one that nobody needs."""
        lock, name = tempfile.mkstemp(prefix=f"{_PREFIX}{kind}-", suffix=_LOCK, dir=folder)
        if not (try_lock(lock) and os.fstat(lock).st_nlink):
            os.close(lock)
            return None
        path = Path(name.removesuffix(_LOCK))
        path.mkdir(0o700)
        return cls(path, lock)

    def close(self) -> None:
        """Remove it."""
        _remove(self.path)
        _forget(Path(f"{self.path}{_LOCK}"), self._lock)
        with contextlib.suppress(OSError):  # others have theirs there
            self.path.parent.rmdir()


@contextmanager
def scratch(kind: str) -> Iterator[Path]:
    """Yield an empty folder and remove it afterwards."""
    made = Scratch.make(kind)
    try:
        yield made.path
    finally:
        made.close()


def _sweep(folder: Path) -> None:
    """Remove what those left who are dead: their locks can be had."""
    for path in folder.glob(f"{_PREFIX}*{_LOCK}"):
        with contextlib.suppress(OSError):  # gone meanwhile
            lock = os.open(path, os.O_RDWR | getattr(os, "O_NOFOLLOW", 0))
            if try_lock(lock):
                _remove(Path(str(path).removesuffix(_LOCK)))
                _forget(path, lock)
            else:
                os.close(lock)


def _forget(path: Path, lock: int) -> None:
    """Remove a lock that we hold, before others can have it; Windows removes no open file."""
    with contextlib.suppress(OSError):
        path.unlink()
    os.close(lock)
    with contextlib.suppress(OSError):
        path.unlink(missing_ok=True)


def _remove(folder: Path) -> None:
    """Remove `folder`, what is closed within it included; what cannot be is the next one's to try."""
    if folder.is_symlink():
        return
    for parent, folders, _ in os.walk(folder):
        for inner in (Path(parent, name) for name in folders):
            if not inner.is_symlink():
                with contextlib.suppress(OSError):
                    inner.chmod(0o700)
    shutil.rmtree(folder, ignore_errors=True)
