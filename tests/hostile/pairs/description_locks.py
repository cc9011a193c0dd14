"""Lock a byte of a system file (F_OFD_SETLK); another process queries the lock.

Checked by: one process sends a bit; the other must not receive it.
Held: no information reaches the other worker
"""

import fcntl
import os
import struct

FILE = open(os.__file__)
LOCK = struct.Struct("hhqqi4x")
F_OFD_GETLK, F_OFD_SETLK = 36, 37


def say(bit):
    kind = fcntl.F_RDLCK if bit else fcntl.F_UNLCK
    fcntl.fcntl(FILE, F_OFD_SETLK, LOCK.pack(kind, os.SEEK_SET, 0, 1, 0))


def hear():
    asked = LOCK.pack(fcntl.F_WRLCK, os.SEEK_SET, 0, 1, 0)
    return int(LOCK.unpack(fcntl.fcntl(FILE, F_OFD_GETLK, asked))[0] != fcntl.F_UNLCK)
