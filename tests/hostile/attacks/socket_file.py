"""Call a Unix socket by its path, as one would a container daemon's that was left open to everybody.

Held: contained
Told by: the listener tells a secret; it is in no record.
"""

import socket
from contextlib import suppress

from kit import TARGETS, Looter


class Model(Looter):
    def loot(self):
        for path in (TARGETS["socket"], f"/proc/self/root{TARGETS['socket']}"):
            with suppress(OSError), socket.socket(socket.AF_UNIX) as door:
                door.settimeout(1)
                door.connect(path)
                yield door.recv(100)
