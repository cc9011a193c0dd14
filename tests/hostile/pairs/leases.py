"""Open a file of the same user; another process is then not granted a lease of it.

Checked by: one process sends a bit; the other must not receive it.
Held: no information reaches the other worker
"""

import fcntl
import os
import sys

import harness

OWN = (os.path.join(sys.prefix, "pyvenv.cfg"), harness.__file__, os.__file__)
FILE = next((path for path in OWN if os.path.exists(path) and os.stat(path).st_uid == os.getuid()), os.__file__)
HELD = []


def say(bit):
    while HELD:
        HELD.pop().close()
    if bit:
        HELD.append(open(FILE))


def hear():
    with open(FILE) as file:
        try:
            fcntl.fcntl(file, fcntl.F_SETLEASE, fcntl.F_WRLCK)
        except BlockingIOError:
            return 1
        fcntl.fcntl(file, fcntl.F_SETLEASE, fcntl.F_UNLCK)
        return 0
