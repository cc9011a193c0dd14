"""Watch a folder of the host's (`inotify`), and read names of what is made in it where nothing can be listed.

Held: contained
Told by: the host makes a file whose name is a secret, again and again; it is in no record.
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
