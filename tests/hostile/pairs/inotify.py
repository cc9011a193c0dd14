"""Watch a file of the system: it is told when another opens it.

Told by: the one says a bit, the other hears it.
Held: nothing comes through
"""

import ctypes
import os

IN_OPEN = 0x20


def settle():
    global watch
    libc = ctypes.CDLL(None)
    watch = libc.inotify_init1(os.O_NONBLOCK)
    libc.inotify_add_watch(watch, os.__file__.encode(), IN_OPEN)


def say(bit):
    if bit:
        open(os.__file__).close()


def hear():
    try:
        return int(bool(os.read(watch, 4096)))
    except BlockingIOError:
        return 0
