"""Open a system file; another process watches it by `inotify`.

Checked by: one process sends a bit; the other must not receive it.
Held: no information reaches the other worker
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
