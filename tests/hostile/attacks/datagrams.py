"""Send UDP datagrams, which need no connection, by `sendto` and by `sendmsg`.

Held: contained
Checked by: a socket of the host would reply with a secret; that secret must be in no record.
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
