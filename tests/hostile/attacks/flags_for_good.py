"""Set inode flags, which needs only a descriptor for reading, on its own files and on the interpreter's.

Held: contained
Checked by: the attack would report each change that the kernel permitted.
"""

import fcntl
import os
import struct
import sys
from contextlib import suppress

import harness
import numpy
from kit import Looter

FS_IOC_GETFLAGS, FS_IOC_SETFLAGS, FS_IOC_FSGETXATTR, FS_IOC_FSSETXATTR = 0x80086601, 0x40086602, 0x801C581F, 0x401C5820
FS_IOC_SETVERSION, FS_NODUMP_FL, FS_XFLAG_NODUMP = 0x40087602, 0x40, 0x80


def mark(file):
    flags = struct.unpack("l", fcntl.ioctl(file, FS_IOC_GETFLAGS, bytes(8)))[0]
    fcntl.ioctl(file, FS_IOC_SETFLAGS, struct.pack("l", flags | FS_NODUMP_FL))
    fcntl.ioctl(file, FS_IOC_SETFLAGS, struct.pack("l", flags))


def mark_as_xfs_does(file):
    attributes = fcntl.ioctl(file, FS_IOC_FSGETXATTR, bytes(28))
    flags = struct.unpack_from("I", attributes)[0]
    fcntl.ioctl(file, FS_IOC_FSSETXATTR, struct.pack("I", flags | FS_XFLAG_NODUMP) + attributes[4:])
    fcntl.ioctl(file, FS_IOC_FSSETXATTR, attributes)


def number_anew(file):
    fcntl.ioctl(file, FS_IOC_SETVERSION, struct.pack("l", 4711))


class Model(Looter):
    def loot(self):
        paths = (__file__, harness.__file__, numpy.__file__, os.__file__, os.path.join(sys.prefix, "pyvenv.cfg"))
        for path in paths:
            for change in (mark, mark_as_xfs_does, number_anew):
                with suppress(OSError), open(path) as file:
                    change(file)
                    yield f"{change.__name__}: {path}"
