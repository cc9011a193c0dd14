"""Change the machine: kernel settings, mounts, device nodes, the host name, its own control group.

Held: contained
Checked by: the attack would report each change that the kernel permitted.
"""

import ctypes
import glob
import os
import socket
import stat
from contextlib import suppress

from kit import Looter


class Model(Looter):
    def loot(self):
        paths = ["/proc/sys/kernel/core_pattern", "/proc/sysrq-trigger", "/proc/sys/vm/drop_caches"]
        for path in paths + glob.glob("/sys/fs/cgroup/*/cgroup.procs") + glob.glob("/sys/fs/cgroup/cgroup.procs"):
            with suppress(OSError):
                open(path, "w").close()
                yield path
        with suppress(OSError):
            os.mknod("disk", stat.S_IFBLK | 0o600, os.makedev(254, 0))
            yield "a device node"
        with suppress(OSError):
            socket.sethostname("mine")
            yield "the host name"
        if ctypes.CDLL(None).mount(b"none", b"/tmp", b"tmpfs", 0, None) == 0:
            yield "a mount"
