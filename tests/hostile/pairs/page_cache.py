"""Throw a page of a library out of memory, or leave it there: another reads it without waiting (`preadv2`), or cannot.

Told by: the one says a bit, the other hears it.
Held: nothing comes through
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
