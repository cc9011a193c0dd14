"""Send a message to a netlink port (NETLINK_USERSOCK), which needs no privilege.

Checked by: one process sends a bit; the other must not receive it.
Held: no information reaches the other worker
"""

import socket
import zlib
from contextlib import suppress

NETLINK_USERSOCK = 2
PORT = 1 << 24 | zlib.crc32(b"harness-hostile") >> 8


def settle():
    global box
    box = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_USERSOCK)
    with suppress(OSError):
        box.bind((PORT, 0))
    box.setblocking(False)


def say(bit):
    if bit:
        with suppress(OSError), socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_USERSOCK) as door:
            door.sendto(b"\x18\0\0\0" + bytes(20), socket.MSG_DONTWAIT, (PORT, 0))


def hear():
    heard = 0
    with suppress(BlockingIOError):
        while box.recv(100):
            heard = 1
    return heard
