"""Send datagrams to a name in the abstract namespace, from a socket and from one of a socket pair.

Checked by: one process sends a bit; the other must not receive it.
Held: no information reaches the other worker
"""

import socket
from contextlib import suppress

NAME = "\0harness-hostile-letters"


def settle():
    global box
    box = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    with suppress(OSError):
        box.bind(NAME)
    box.setblocking(False)


def say(bit):
    if bit:
        for make in (lambda: socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM), pair):
            with suppress(OSError), make() as door:
                door.sendmsg([b"1"], [], socket.MSG_DONTWAIT, NAME)


def pair():
    mine, other = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    other.close()
    return mine


def hear():
    heard = 0
    with suppress(BlockingIOError):
        while box.recv(10):
            heard = 1
    return heard
