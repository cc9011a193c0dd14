"""Take a name as a process: others see it where they see processes.

Told by: the one says a bit, the other hears it.
Held: nothing comes through
Known: landlock, rlimits (the processes of the host are seen, and so are those of another worker)
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
