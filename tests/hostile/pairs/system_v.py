"""Create System V objects under a key that both know: a message queue, a semaphore set, shared memory.

Checked by: one process sends a bit; the other must not receive it.
Held: no information reaches the other worker
"""

import ctypes
import zlib

KEY = zlib.crc32(b"harness-hostile") >> 1
IPC_CREAT, IPC_RMID, SIZE = 0o1000, 0, 4096
LIBC = ctypes.CDLL(None)
HELD = []


def say(bit):
    while HELD:
        remove, number = HELD.pop()
        remove(number)
    if bit:
        made = (
            (lambda n: LIBC.msgctl(n, IPC_RMID, None), LIBC.msgget(KEY, IPC_CREAT | 0o666)),
            (lambda n: LIBC.semctl(n, 0, IPC_RMID), LIBC.semget(KEY, 1, IPC_CREAT | 0o666)),
            (lambda n: LIBC.shmctl(n, IPC_RMID, None), LIBC.shmget(KEY, SIZE, IPC_CREAT | 0o666)),
        )
        HELD.extend(one for one in made if one[1] >= 0)


def hear():
    return int(any(number >= 0 for number in (LIBC.msgget(KEY, 0), LIBC.semget(KEY, 1, 0), LIBC.shmget(KEY, SIZE, 0))))
