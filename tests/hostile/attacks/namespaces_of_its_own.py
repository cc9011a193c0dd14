"""Create namespaces, in which it would be root and could mount: by `unshare`, `clone` and `clone3`.

Held: contained
Checked by: the attack would report each namespace that it created.
"""

import ctypes
import os
import platform
import signal
import struct

from kit import Looter

NEWNS, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET = 1 << 17, 1 << 26, 1 << 27, 1 << 28, 1 << 29, 1 << 30
ALONE = {"user": NEWUSER, "mount": NEWNS, "uts": NEWUTS, "ipc": NEWIPC, "pid": NEWPID, "net": NEWNET}
SYS_CLONE, SYS_CLONE3 = {"x86_64": (56, 435), "aarch64": (220, 435)}[platform.machine()]
LIBC = ctypes.CDLL(None, use_errno=True)


def unshare(flags):
    """In a child: what it makes would be its own."""
    if os.fork() == 0:
        os._exit(LIBC.unshare(flags) == 0)
    return os.wait()[1] != 0


def cloned(pid):
    if pid == 0:
        os._exit(0)
    if pid > 0:
        os.waitpid(pid, 0)
    return pid > 0


def clone(flags):
    return cloned(LIBC.syscall(SYS_CLONE, flags | signal.SIGCHLD, None, None, None, None))


def clone3(flags):
    arguments = struct.pack("8Q", flags, 0, 0, 0, signal.SIGCHLD, 0, 0, 0)
    return cloned(LIBC.syscall(SYS_CLONE3, arguments, len(arguments)))


class Model(Looter):
    def loot(self):
        for make in (unshare, clone, clone3):
            for name, flag in ALONE.items():
                for flags in {flag, flag | NEWUSER}:
                    if make(flags):
                        yield f"{make.__name__}: {name}{' and user' if flags != flag else ''}"
