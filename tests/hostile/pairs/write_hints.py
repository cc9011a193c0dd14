"""Set the write-lifetime hint of a file of the same user (F_SET_RW_HINT), which is kept with the inode.

Checked by: one process sends a bit; the other must not receive it.
Held: no information reaches the other worker
"""

import fcntl
import os
import struct
import sys

import harness

OWN = (os.path.join(sys.prefix, "pyvenv.cfg"), harness.__file__, os.__file__)
PATH = next((path for path in OWN if os.path.exists(path) and os.stat(path).st_uid == os.getuid()), os.__file__)
FILE = open(PATH)
F_GET_RW_HINT, F_SET_RW_HINT = 1035, 1036
RWH_WRITE_LIFE_SHORT, RWH_WRITE_LIFE_LONG = 2, 4


def say(bit):
    fcntl.fcntl(FILE, F_SET_RW_HINT, struct.pack("Q", RWH_WRITE_LIFE_LONG if bit else RWH_WRITE_LIFE_SHORT))


def hear():
    hint = struct.unpack("Q", fcntl.fcntl(FILE, F_GET_RW_HINT, bytes(8)))[0]
    return int(hint == RWH_WRITE_LIFE_LONG)
