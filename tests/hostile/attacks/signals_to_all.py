"""Kill every process that it is permitted to kill, including the harness.

Held: contained
Alone: without isolation it kills the harness and all other processes of its user.
Checked by: a record is written, and a process of the host still runs.
"""

import os
import signal
from contextlib import suppress

from kit import TARGETS, Looter


class Model(Looter):
    def loot(self):
        TARGETS["decoy"]  # a process of the host's is among them
        with suppress(OSError):
            os.kill(-1, signal.SIGKILL)
        return iter(())
