"""Change the name of its process; others that see the process can read it.

Checked by: one process sends a bit; the other must not receive it.
Held: no information reaches the other worker
Known: landlock, rlimits (the processes of the host and of other workers are visible there)
"""

import ctypes
import glob
from contextlib import suppress

PR_SET_NAME = 15
NAME = "harness-hostile"[-12:]


def say(bit):
    ctypes.CDLL(None).prctl(PR_SET_NAME, NAME.encode() if bit else b"python", 0, 0, 0)


def hear():
    for path in glob.glob("/proc/[0-9]*/comm"):
        with suppress(OSError), open(path) as file:
            if file.read().strip() == NAME:
                return 1
    return 0
