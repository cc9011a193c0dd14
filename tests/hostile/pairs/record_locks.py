"""Lock a byte of a system file (`fcntl`, F_SETLK); another process queries the lock.

Checked by: one process sends a bit; the other must not receive it.
Held: no information reaches the other worker
"""

import fcntl
import os
import struct

FILE = open(os.__file__)
LOCK = struct.Struct("hhqqi4x")


def say(bit):
    fcntl.lockf(FILE, fcntl.LOCK_SH | fcntl.LOCK_NB if bit else fcntl.LOCK_UN, 1)


def hear():
    asked = LOCK.pack(fcntl.F_WRLCK, os.SEEK_SET, 0, 1, 0)
    return int(LOCK.unpack(fcntl.fcntl(FILE, fcntl.F_GETLK, asked))[0] != fcntl.F_UNLCK)
