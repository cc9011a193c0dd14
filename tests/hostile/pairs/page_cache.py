"""Evict a page of a library from memory or load it; another process tests by `preadv2` whether it is in memory.

Checked by: one process sends a bit; the other must not receive it.
Held: no information reaches the other worker
"""

import os
from pathlib import Path

import numpy

FILES = sorted(Path(numpy.__file__).parents[1].glob("*/*/*.so*"), key=lambda path: path.stat().st_size)
FILE = os.open(FILES[-1], os.O_RDONLY)
PLACE = os.fstat(FILE).st_size // 2


def say(bit):
    os.posix_fadvise(FILE, 0, 0, os.POSIX_FADV_RANDOM)  # no page beside it comes along
    for _ in range(3):
        os.posix_fadvise(FILE, 0, 0, os.POSIX_FADV_DONTNEED)
    if bit:
        os.pread(FILE, 1, PLACE)


def hear():
    try:
        return os.preadv(FILE, [bytearray(1)], PLACE, os.RWF_NOWAIT)
    except OSError:
        return 0
