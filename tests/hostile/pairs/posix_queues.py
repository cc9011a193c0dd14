"""Create a POSIX message queue and semaphore under a name that both processes know.

Checked by: one process sends a bit; the other must not receive it.
Held: no information reaches the other worker
"""

import ctypes
import os

NAME = b"/harness-hostile-queue"
LIBC = ctypes.CDLL(None)
LIBC.sem_open.restype = ctypes.c_void_p


def say(bit):
    if bit:
        LIBC.mq_open(NAME, os.O_CREAT | os.O_RDWR, 0o666, None)
        LIBC.sem_open(NAME, os.O_CREAT, 0o666, 0)
    else:
        LIBC.mq_unlink(NAME)
        LIBC.sem_unlink(NAME)


def hear():
    queue, semaphore = LIBC.mq_open(NAME, os.O_RDONLY), LIBC.sem_open(NAME, 0)
    if queue >= 0:
        os.close(queue)
    return int(queue >= 0 or bool(semaphore))
