"""Temporary folders of this user, which are removed even if the process that created them was killed.

In a folder that many users share, such as ``/tmp``, each user has one folder for them, because another user could
create any predictable name there first.
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
"""The number of attempts to create a folder, because another process may remove the empty parent each time."""
_OTHERS_WRITE = stat.S_IWGRP | stat.S_IWOTH


def own_folder(base: Path) -> Path:
    """Return a folder in `base` that only this user can write to, creating it if necessary.

    No other user can list it, but workers of root, which have other user ids, can pass through it. Its name is
    ``harness-`` and the user id. If another user has created a file or link with that name, it has a longer name, which
    later calls find again.

    Raises:
        OSError: `base` is not a folder, or cannot be written to.
    """
    me, name = _user()
    mode = 0o711 if me == 0 else 0o700
    for folder in chain([base / name], base.glob(f"{name}-*")):
        with contextlib.suppress(FileExistsError):
            folder.mkdir(mode)
            folder.chmod(mode)  # regardless of the umask
        with contextlib.suppress(FileNotFoundError):
            if _is_own(folder.lstat(), me):
                return folder
    folder = Path(tempfile.mkdtemp(prefix=f"{name}-", dir=base))
    folder.chmod(mode)
    return folder


def own_folder_name(base: Path) -> str:
    """Return the name of the folder that `own_folder` returns, with X in place of what is unpredictable."""
    me, name = _user()
    try:
        taken = not _is_own((base / name).lstat(), me)
    except OSError:  # it can be created, or none can
        taken = False
    return f"{name}-XXXXXXXX" if taken else name


def _user() -> tuple[int | None, str]:
    """Return the number of this user, if users have numbers, and the usual name of this user's folder."""
    me = os.geteuid() if hasattr(os, "geteuid") else None
    return me, "harness" if me is None else f"harness-{me}"


def _is_own(status: os.stat_result, me: int | None) -> bool:
    mine = me is None or (status.st_uid == me and not status.st_mode & _OTHERS_WRITE)
    return stat.S_ISDIR(status.st_mode) and mine


@dataclass(frozen=True)
class Scratch:
    """A temporary folder with mode 0700; a lock on a file next to it shows that it is in use."""

    path: Path
    _lock: int

    @classmethod
    def make(cls, kind: str, base: Path | None = None) -> Scratch:
        """Create an empty folder with `kind` in its name, and remove folders that are no longer in use.

        It is created in this user's folder in `base`, by default in the folder for temporary files.

        Raises:
            OSError: `base` cannot be written to.
        """
        base = base or Path(tempfile.gettempdir())
        for _ in range(_ATTEMPTS):
            with contextlib.suppress(FileNotFoundError):  # another process found it empty and removed it
                folder = own_folder(base)
                _sweep(folder)
                if made := cls._claim(folder, kind):
                    return made
        raise FileNotFoundError(f"{base} does not exist, or this user's folder in it is removed repeatedly")

    @classmethod
    def _claim(cls, folder: Path, kind: str) -> Scratch | None:
        """Create a folder in `folder`; return None if another process removed its lock file before it was locked."""
        lock, name = tempfile.mkstemp(prefix=f"{_PREFIX}{kind}-", suffix=_LOCK, dir=folder)
        if not (try_lock(lock) and os.fstat(lock).st_nlink):
            os.close(lock)
            return None
        path = Path(name.removesuffix(_LOCK))
        path.mkdir(0o700)
        return cls(path, lock)

    def close(self) -> None:
        """Remove the folder."""
        _remove(self.path)
        _forget(Path(f"{self.path}{_LOCK}"), self._lock)
        with contextlib.suppress(OSError):  # other processes may have folders there
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
    """Remove the folders of processes that have ended, whose locks are free."""
    for path in folder.glob(f"{_PREFIX}*{_LOCK}"):
        with contextlib.suppress(OSError):  # it may have been removed meanwhile
            lock = os.open(path, os.O_RDWR | getattr(os, "O_NOFOLLOW", 0))
            if try_lock(lock):
                _remove(Path(str(path).removesuffix(_LOCK)))
                _forget(path, lock)
            else:
                os.close(lock)


def _forget(path: Path, lock: int) -> None:
    """Remove the file of a lock that is held, and then release it; Windows cannot remove an open file."""
    with contextlib.suppress(OSError):
        path.unlink()
    os.close(lock)
    with contextlib.suppress(OSError):
        path.unlink(missing_ok=True)


def _remove(folder: Path) -> None:
    """Remove `folder`, including folders without permissions; if that fails, the next `_sweep` tries again."""
    if folder.is_symlink():
        return
    for parent, folders, _ in os.walk(folder):
        for inner in (Path(parent, name) for name in folders):
            if not inner.is_symlink():
                with contextlib.suppress(OSError):
                    inner.chmod(0o700)
    shutil.rmtree(folder, ignore_errors=True)
