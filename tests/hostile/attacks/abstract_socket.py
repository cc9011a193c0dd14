"""Call a socket in the abstract namespace, which no file permission guards.

Held: contained
Told by: the listener tells a secret; it is in no record.
"""

import socket
from contextlib import suppress

from kit import TARGETS, Looter


class Model(Looter):
    def loot(self):
        with suppress(OSError), socket.socket(socket.AF_UNIX) as door:
            door.settimeout(1)
            door.connect("\0" + TARGETS["abstract"])
            yield door.recv(100)
