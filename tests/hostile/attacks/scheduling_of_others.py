"""Slow down processes of the host: set the lowest scheduling class and restrict them to a single core.

Held: contained
Checked by: the attack would report each change that the kernel permitted.
"""

import os
from contextlib import suppress

from kit import TARGETS, Looter


class Model(Looter):
    def loot(self):
        for pid in {TARGETS["decoy"], os.getppid()} - {1}:
            with suppress(OSError):
                os.sched_setaffinity(pid, {min(os.sched_getaffinity(0))})
                yield f"the cores of {pid}"
            with suppress(OSError):
                os.sched_setscheduler(pid, os.SCHED_IDLE, os.sched_param(0))
                yield f"the scheduling of {pid}"
