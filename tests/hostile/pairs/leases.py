"""Ask for a lease of a file of one's own user's, which is granted to nobody while another has it open.

Told by: the one says a bit, the other hears it.
Held: nothing comes through
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
