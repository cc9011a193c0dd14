"""Mark a file of one's own user's with a flag of its inode (FS_IOC_SETFLAGS), for which reading it is enough.

Told by: the one says a bit, the other hears it.
Held: nothing comes through
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
