"""Evict a file from memory or load a page; another process counts its pages in memory (`cachestat`).

Checked by: one process sends a bit; the other must not receive it.
Held: no information reaches the other worker
"""

import ctypes
import os
from pathlib import Path

import numpy

FILES = sorted(Path(numpy.__file__).parents[1].glob("*/*/*.so*"), key=lambda path: path.stat().st_size)
FILE = os.open(FILES[-3], os.O_RDONLY)
PLACE = os.fstat(FILE).st_size // 2
CACHESTAT = 451
LIBC = ctypes.CDLL(None, use_errno=True)


def say(bit):
    for _ in range(3):
        os.posix_fadvise(FILE, 0, 0, os.POSIX_FADV_DONTNEED)
    if bit:
        os.pread(FILE, 1, PLACE)


def hear():
    where, counted = (ctypes.c_uint64 * 2)(PLACE, 1), (ctypes.c_uint64 * 5)()
    LIBC.syscall(CACHESTAT, FILE, where, counted, 0)
    return int(counted[0] > 0)
