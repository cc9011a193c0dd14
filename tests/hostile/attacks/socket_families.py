"""Open sockets of families that reach into the kernel: AF_ALG, AF_KEY, AF_PACKET, AF_VSOCK and others.

Held: contained
Checked by: the attack would report each socket that the kernel gave it.
"""

import socket
from contextlib import suppress

from kit import Looter

FAMILIES = {
    "AF_KEY": 15,
    "AF_PACKET": 17,
    "AF_RDS": 21,
    "AF_CAN": 29,
    "AF_TIPC": 30,
    "AF_BLUETOOTH": 31,
    "AF_ALG": 38,
    "AF_VSOCK": 40,
    "AF_XDP": 44,
}


class Model(Looter):
    def loot(self):
        for name, family in FAMILIES.items():
            for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM, socket.SOCK_SEQPACKET, socket.SOCK_RAW):
                with suppress(OSError), socket.socket(family, kind):
                    yield f"{name}, type {kind}"
