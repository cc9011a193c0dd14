"""Temporary folders that do not outlive whoever made them for long, even one that was killed."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

_PREFIX = "harness-tmp-"
_SECONDS_TO_LOCK = 60.0
"""Ample time between the making of a folder and its lock."""


@dataclass(frozen=True)
class Scratch:
    """An empty folder among the system's temporary ones, 0700; its lock says that somebody still needs it."""

    path: Path
    _lock: int

    @classmethod
    def make(cls, kind: str) -> Scratch:
        """Make one whose name tells its `kind`, having removed those of ours that nobody needs any more."""
        _sweep(Path(tempfile.gettempdir()))
        path = Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{kind}-"))
        lock = _open(path)
        fcntl.flock(lock, fcntl.LOCK_EX)
        return cls(path, lock)

    def close(self) -> None:
        """Remove it."""
        _remove(self.path)
        os.close(self._lock)


@contextmanager
def scratch(kind: str) -> Iterator[Path]:
    """Yield an empty folder and remove it afterwards."""
    made = Scratch.make(kind)
    try:
        yield made.path
    finally:
        made.close()


def _sweep(folder: Path) -> None:
    for path in folder.glob(f"{_PREFIX}*"):
        with contextlib.suppress(OSError):  # gone, somebody's, or not ours to open
            lock = _open(path)
            try:
                found = os.fstat(lock)
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                if found.st_uid == os.geteuid() and time.time() - found.st_mtime > _SECONDS_TO_LOCK:
                    _remove(path)
            finally:
                os.close(lock)


def _remove(folder: Path) -> None:
    """Remove `folder`, what is closed within it included; what cannot be is the next one's to try."""
    for parent, folders, _ in os.walk(folder):
        for inner in (Path(parent, name) for name in folders):
            if not inner.is_symlink():
                with contextlib.suppress(OSError):
                    inner.chmod(0o700)
    shutil.rmtree(folder, ignore_errors=True)


def _open(path: Path) -> int:
    return os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
