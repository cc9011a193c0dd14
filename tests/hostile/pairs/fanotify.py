"""Open a system file; another process watches it by `fanotify` without privileges (since Linux 5.13).

Checked by: one process sends a bit; the other must not receive it.
Held: no information reaches the other worker
"""

import ctypes
import os

FAN_CLOEXEC, FAN_NONBLOCK, FAN_REPORT_FID, FAN_MARK_ADD, FAN_OPEN, AT_FDCWD = 1, 2, 0x200, 1, 0x20, -100


def settle():
    global watch
    libc = ctypes.CDLL(None)
    watch = libc.fanotify_init(FAN_CLOEXEC | FAN_NONBLOCK | FAN_REPORT_FID, 0)
    libc.fanotify_mark(watch, FAN_MARK_ADD, ctypes.c_uint64(FAN_OPEN), AT_FDCWD, os.__file__.encode())


def say(bit):
    if bit:
        open(os.__file__).close()


def hear():
    try:
        return int(bool(os.read(watch, 4096)))
    except BlockingIOError:
        return 0
