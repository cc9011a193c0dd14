"""Watch a folder of the host (`inotify`) that it cannot list, and read the names of new files.

Held: contained
Checked by: the host creates a file whose name is a secret, again and again; that secret must be in no record.
"""

import ctypes
import os
import time
from contextlib import suppress

from kit import TARGETS, Looter, listed

IN_ALL_EVENTS = 0xFFF


class Model(Looter):
    def loot(self):
        yield from (name for name in listed(TARGETS["watched"]) if name != "known")
        libc = ctypes.CDLL(None)
        watch = libc.inotify_init1(os.O_NONBLOCK)
        libc.inotify_add_watch(watch, TARGETS["watched"].encode(), IN_ALL_EVENTS)
        time.sleep(0.5)
        with suppress(OSError):
            yield os.read(watch, 1 << 12)
