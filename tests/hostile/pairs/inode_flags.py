"""Set an inode flag on a file of the same user (FS_IOC_SETFLAGS), which needs only a descriptor for reading.

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
FS_IOC_GETFLAGS, FS_IOC_SETFLAGS, FS_NODUMP_FL = 0x80086601, 0x40086602, 0x40


def flags():
    return struct.unpack("l", fcntl.ioctl(FILE, FS_IOC_GETFLAGS, bytes(8)))[0]


def say(bit):
    fcntl.ioctl(FILE, FS_IOC_SETFLAGS, struct.pack("l", flags() & ~FS_NODUMP_FL | (FS_NODUMP_FL if bit else 0)))


def hear():
    return int(bool(flags() & FS_NODUMP_FL))
