"""Wake (`futex`, not private) a process that waits on a page of a file that both have mapped.

Checked by: one process sends a bit; the other must not receive it.
Held: no information reaches the other worker
Known: namespaces+cgroup, namespaces, landlock, rlimits (joining threads needs this call; no filter sees the page)
"""

import ctypes
import mmap
import os
import platform
import threading
import time

LIBC = ctypes.CDLL(None, use_errno=True)
SYS_FUTEX = {"x86_64": 202, "aarch64": 98}[platform.machine()]
FUTEX_WAIT, FUTEX_WAKE = 0, 1
FILE = open(os.__file__, "rb")
HEARD = threading.Event()


class Second(ctypes.Structure):
    _fields_ = (("seconds", ctypes.c_long), ("nanoseconds", ctypes.c_long))


def address():
    """Where the kernel mapped the file for reading."""
    LIBC.mmap.restype = ctypes.c_void_p
    return LIBC.mmap(None, ctypes.c_size_t(mmap.PAGESIZE), mmap.PROT_READ, mmap.MAP_SHARED, FILE.fileno(), 0)


def settle():
    global word, value
    word = ctypes.c_void_p(address())
    value = ctypes.cast(word, ctypes.POINTER(ctypes.c_uint32))[0]
    threading.Thread(target=listen, daemon=True).start()
    time.sleep(0.05)


def listen():
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        if LIBC.syscall(SYS_FUTEX, word, FUTEX_WAIT, value, ctypes.byref(Second(1, 0)), None, 0) == 0:
            HEARD.set()


def say(bit):
    if bit:
        LIBC.syscall(SYS_FUTEX, word, FUTEX_WAKE, 10, None, None, 0)


def hear():
    heard = HEARD.wait(0.02)
    HEARD.clear()
    time.sleep(0.005)
    return int(heard)
