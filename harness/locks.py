"""Locks on open files: the kernel takes them back from whoever dies, however it dies."""

from __future__ import annotations

import contextlib
import os
import sys

_READERS = 64
"""On Windows: the most that hold a lock together."""


def try_lock(descriptor: int, *, shared: bool = False) -> bool:
    """Lock an open file, alone or together with others who share it; return whether that could be had at once.

    It is held until the descriptor is closed. A system without locks grants everything.
    """
    return _lock(descriptor, shared=shared)


if sys.platform == "win32":
    import msvcrt

    def _lock(descriptor: int, *, shared: bool) -> bool:
        """Lock one byte of many to share, all of them to be alone: Windows knows no other shared lock by descriptor."""
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
        return True
