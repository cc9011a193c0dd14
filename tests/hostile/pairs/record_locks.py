"""Lock a byte of a file of the system (`fcntl`, F_SETLK): another asks who holds it.

Told by: the one says a bit, the other hears it.
Held: nothing comes through
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
