"""Slow the host down: give its processes the lowest scheduling class and a single core.

Held: contained
Told by: the kernel grants one of them.
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
