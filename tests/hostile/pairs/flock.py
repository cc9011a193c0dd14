"""Lock a file of the system (`flock`): another that tries finds it locked.

Told by: the one says a bit, the other hears it.
Held: nothing comes through
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
