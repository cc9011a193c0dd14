"""Run before all others: by real-time scheduling, a negative nice value, a lower priority for the host.

Held: contained
Checked by: the attack would report each change that the kernel permitted.
"""

import os
from contextlib import suppress

from kit import TARGETS, Looter


class Model(Looter):
    def loot(self):
        with suppress(OSError):
            os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(50))
            yield "real-time scheduling"
        with suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, 0, -10)
            yield "a negative nice value"
        with suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, TARGETS["decoy"], 19)
            yield "the host's priority"
