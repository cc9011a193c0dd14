"""Take a name for a socket in the abstract namespace: another that wants it finds it taken.

Told by: the one says a bit, the other hears it.
Held: nothing comes through
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
