"""Locks on files, which the kernel releases when a process ends in any way."""

from __future__ import annotations

import contextlib
import errno
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_READERS = 64
"""The largest number of holders of a shared lock on Windows."""
_POLL_SECONDS = 0.02
_NOT_SUPPORTED = (errno.ENOSYS, errno.EOPNOTSUPP, errno.ENOLCK)


def try_lock(descriptor: int, *, shared: bool = False) -> bool:
    """Take an exclusive or a shared lock on an open file, without waiting; return whether it was taken.

    It is held until the descriptor is closed. On a system or a file system without locks it is always taken.
    """
    return _lock(descriptor, shared=shared)


def try_lock_file(path: Path) -> int | None:
    """Take the exclusive lock on the file `path`, which is created if necessary, without waiting.

    Returns:
        The descriptor, which is closed to release the lock, or None if the lock is held already.
    """
    flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0)
    descriptor = os.open(path, flags, 0o644)
    if try_lock(descriptor):
        return descriptor
    os.close(descriptor)
    return None


@contextmanager
def exclusive_lock(path: Path, timeout: float = float("inf")) -> Iterator[None]:
    """Hold the exclusive lock on the file `path`, after waiting up to `timeout` seconds for it.

    Raises:
        TimeoutError: the lock is still held.
    """
    deadline = time.monotonic() + timeout
    while (descriptor := try_lock_file(path)) is None:
        if time.monotonic() >= deadline:
            raise TimeoutError(f"{path} is locked")
        time.sleep(_POLL_SECONDS)
    try:
        yield
    finally:
        os.close(descriptor)


if sys.platform == "win32":
    import msvcrt

    def _lock(descriptor: int, *, shared: bool) -> bool:
        """Lock one of many bytes for a shared lock, which Windows lacks, and all of them for an exclusive one."""
        for start, length in [(byte, 1) for byte in range(_READERS)] if shared else [(0, _READERS)]:
            os.lseek(descriptor, start, os.SEEK_SET)
            with contextlib.suppress(OSError):
                msvcrt.locking(descriptor, msvcrt.LK_NBLCK, length)
                return True
        return False

else:

    def _lock(descriptor: int, *, shared: bool) -> bool:
        try:
            import fcntl
        except ImportError:
            return True
        try:
            fcntl.flock(descriptor, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        except OSError as error:
            if error.errno not in _NOT_SUPPORTED:
                raise
        return True
