"""Lock a system file (`flock`); another process that tries finds it locked.

Checked by: one process sends a bit; the other must not receive it.
Held: no information reaches the other worker
"""

import fcntl
import os

FILE = open(os.__file__)


def say(bit):
    fcntl.flock(FILE, fcntl.LOCK_EX | fcntl.LOCK_NB if bit else fcntl.LOCK_UN)


def hear():
    try:
        fcntl.flock(FILE, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return 1
    fcntl.flock(FILE, fcntl.LOCK_UN)
    return 0
