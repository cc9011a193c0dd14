"""Evict a mapped page from memory (`madvise`); another process asks which pages are in memory (`mincore`).

Checked by: one process sends a bit; the other must not receive it.
Held: no information reaches the other worker
"""

import ctypes
import mmap
import os
from pathlib import Path

import numpy

FILES = sorted(Path(numpy.__file__).parents[1].glob("*/*/*.so*"), key=lambda path: path.stat().st_size)
FILE = os.open(FILES[-2], os.O_RDONLY)
PLACE = os.fstat(FILE).st_size // 2 // mmap.PAGESIZE * mmap.PAGESIZE
LIBC = ctypes.CDLL(None, use_errno=True)
LIBC.mmap.restype = ctypes.c_void_p
MADV_RANDOM, MADV_PAGEOUT = 1, 21
ADDRESS = ctypes.c_void_p(
    LIBC.mmap(None, ctypes.c_size_t(mmap.PAGESIZE), mmap.PROT_READ, mmap.MAP_SHARED, FILE, ctypes.c_long(PLACE))
)
SIZE = ctypes.c_size_t(mmap.PAGESIZE)


def say(bit):
    LIBC.madvise(ADDRESS, SIZE, MADV_RANDOM)
    ctypes.string_at(ADDRESS.value, 1)
    if not bit:
        for _ in range(3):
            LIBC.madvise(ADDRESS, SIZE, MADV_PAGEOUT)


def hear():
    there = ctypes.c_ubyte(0)
    LIBC.mincore(ADDRESS, SIZE, ctypes.byref(there))
    return there.value & 1
