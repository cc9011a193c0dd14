"""Copy file descriptors of other processes by `pidfd_getfd`.

Held: contained
Checked by: the attack would report each descriptor that it got from a process other than its own.
"""

import ctypes
import os

from kit import TARGETS, Looter

PIDFD_GETFD = 438  # the same on every machine that has it


class Model(Looter):
    def loot(self):
        libc = ctypes.CDLL(None, use_errno=True)
        for pid in {TARGETS["decoy"], os.getppid()} - {1}:  # 1 is its own, where it has one
            try:
                handle = os.pidfd_open(pid)
            except OSError:
                continue
            yield from (f"{pid}'s {fd}" for fd in range(3) if libc.syscall(PIDFD_GETFD, handle, fd, 0) >= 0)
            os.close(handle)
