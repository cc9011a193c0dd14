"""Call a port of the host, its other addresses and a server in the world, from fit and from predict.

Held: contained
Told by: whoever is on the other side tells a secret; it is in no record.
"""

import socket
from contextlib import suppress

from kit import TARGETS, Looter


class Model(Looter):
    def loot(self):
        for address in (("127.0.0.1", TARGETS["tcp"]), ("0.0.0.0", TARGETS["tcp"]), ("1.1.1.1", 53)):
            with suppress(OSError), socket.create_connection(address, timeout=0.5) as door:
                yield address, door.recv(100)
