"""Bind a socket to a name in the abstract namespace; another process cannot then bind the same name.

Checked by: one process sends a bit; the other must not receive it.
Held: no information reaches the other worker
"""

import errno
import socket

NAME = "\0harness-hostile-name"
HELD = []


def say(bit):
    while HELD:
        HELD.pop().close()
    if bit:
        HELD.append(socket.socket(socket.AF_UNIX))
        HELD[0].bind(NAME)


def hear():
    with socket.socket(socket.AF_UNIX) as mine:
        try:
            mine.bind(NAME)
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise
            return 1
    return 0
