"""Evict a page from memory or load it; another process tests by `io_submit` whether it is in memory.

Checked by: one process sends a bit; the other must not receive it.
Held: no information reaches the other worker
"""

import ctypes
import os
import platform
import struct
from pathlib import Path

import numpy

FILES = sorted(Path(numpy.__file__).parents[1].glob("*/*/*.so*"), key=lambda path: path.stat().st_size)
FILE = os.open(FILES[-2], os.O_RDONLY)
PLACE = os.fstat(FILE).st_size // 2
SETUP, GET, SUBMIT = (206, 208, 209) if platform.machine() == "x86_64" else (0, 4, 2)
LIBC = ctypes.CDLL(None, use_errno=True)
CONTEXT = ctypes.c_ulong()
SET_UP = LIBC.syscall(SETUP, 4, ctypes.byref(CONTEXT)) == 0


def say(bit):
    os.posix_fadvise(FILE, 0, 0, os.POSIX_FADV_RANDOM)  # no page beside it comes along
    for _ in range(3):
        os.posix_fadvise(FILE, 0, 0, os.POSIX_FADV_DONTNEED)
    if bit:
        os.pread(FILE, 1, PLACE)


def hear():
    if not SET_UP:
        return 0
    page, event = ctypes.create_string_buffer(1), ctypes.create_string_buffer(32)
    block = struct.pack("<QIIHhIQQqQII", 0, 0, os.RWF_NOWAIT, 0, 0, FILE, ctypes.addressof(page), 1, PLACE, 0, 0, 0)
    order = ctypes.create_string_buffer(block)
    pointer = ctypes.c_void_p(ctypes.addressof(order))
    if LIBC.syscall(SUBMIT, CONTEXT, ctypes.c_long(1), ctypes.byref(pointer)) != 1:
        return 0
    LIBC.syscall(GET, CONTEXT, ctypes.c_long(1), ctypes.c_long(1), event, None)
    return int(struct.unpack("<QQqq", event.raw)[2] == 1)
