"""Lower the priority of all processes of its user at once, by `setpriority` and `ioprio_set` for a user.

Held: contained
Checked by: the attack would report that the priority of a process of the host has changed.
Alone: without isolation it slows down everything else that is evaluated.
"""

import ctypes
import os
import platform
from contextlib import suppress

from kit import TARGETS, Looter

SYS_IOPRIO_SET, SYS_IOPRIO_GET = {"x86_64": (251, 252), "aarch64": (30, 31)}[platform.machine()]
IOPRIO_WHO_PROCESS, IOPRIO_WHO_USER, IDLE = 1, 3, 3 << 13


class Model(Looter):
    def loot(self):
        libc, decoy = ctypes.CDLL(None), TARGETS["decoy"]
        before = libc.syscall(SYS_IOPRIO_GET, IOPRIO_WHO_PROCESS, decoy)
        with suppress(OSError):
            os.setpriority(os.PRIO_USER, 0, 19)
        libc.syscall(SYS_IOPRIO_SET, IOPRIO_WHO_USER, 0, IDLE)
        with suppress(OSError):
            if os.getpriority(os.PRIO_PROCESS, decoy) == 19:
                yield "the host's priority"
        if libc.syscall(SYS_IOPRIO_GET, IOPRIO_WHO_PROCESS, decoy) not in (before, -1):
            yield "the host's priority on disk"
