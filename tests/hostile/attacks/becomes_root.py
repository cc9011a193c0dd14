"""Become root: by changing the uid, by set-uid programs, by creating a user namespace.

Held: contained
Checked by: the attack would report that a process of its own became root or got capabilities.
"""

import ctypes
import glob
import os
import subprocess
from contextlib import suppress

from kit import Looter

CLONE_NEWUSER = 0x10000000


class Model(Looter):
    def loot(self):
        for call in (os.setuid, os.setgid):
            with suppress(OSError):
                call(0)
                yield call.__name__
        for program in ("su", "sudo", "pkexec", "newgrp"):
            for path in glob.glob(f"/*/{program}") + glob.glob(f"/usr/*/{program}"):
                with suppress(OSError, subprocess.TimeoutExpired):
                    done = subprocess.run(
                        [path, "-c", "id -u"], stdin=subprocess.DEVNULL, capture_output=True, timeout=2
                    )
                    yield from [path] if done.stdout.strip() == b"0" else []
        if os.fork() == 0:
            os._exit(ctypes.CDLL(None).unshare(CLONE_NEWUSER) == 0)
        yield from ["a user namespace"] if os.wait()[1] else []
