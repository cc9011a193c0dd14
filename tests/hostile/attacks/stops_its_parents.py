"""Stop its parent processes, so that the host waits for ever.

Held: contained or timeout in fit
Alone: without isolation it stops the harness.
Checked by: a record is written.
"""

import os
import signal
from contextlib import suppress

from kit import Looter, read


class Model(Looter):
    def loot(self):
        pid = os.getppid()
        while pid > 1:
            above = int(read(f"/proc/{pid}/stat").rpartition(")")[2].split()[1])
            with suppress(OSError):
                os.kill(pid, signal.SIGSTOP)
            pid = above if "harness" in read(f"/proc/{above}/cmdline") else 0
        return iter(())
