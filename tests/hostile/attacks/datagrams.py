"""Send datagrams, which need no connection, one by one and (by `sendmsg`) with ancillary room.

Held: contained
Told by: the host's socket answers with a secret; it is in no record.
"""

import socket
from contextlib import suppress

from kit import TARGETS, Looter


class Model(Looter):
    def loot(self):
        for send in (lambda s, to: s.sendto(b"?", to), lambda s, to: s.sendmsg([b"?"], [], 0, to)):
            with suppress(OSError), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as door:
                door.settimeout(0.5)
                send(door, ("127.0.0.1", TARGETS["udp"]))
                yield door.recv(100)
