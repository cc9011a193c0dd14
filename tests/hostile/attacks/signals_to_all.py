"""Kill everybody it may, the harness included.

Held: contained
Alone: where nothing holds it, it kills the harness and whatever else its user runs.
Told by: there is a record.
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
