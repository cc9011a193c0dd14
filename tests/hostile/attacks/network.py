"""Connect to a port of the host and to a server on the internet, from `fit` and from `predict`.

Held: contained
Checked by: a listener on the host would send a secret, and the attack would report any connection; neither may be in
  a record.
"""

import socket
from contextlib import suppress

from kit import TARGETS, Looter


class Model(Looter):
    def loot(self):
        for address in (("127.0.0.1", TARGETS["tcp"]), ("0.0.0.0", TARGETS["tcp"]), ("1.1.1.1", 53)):
            with suppress(OSError), socket.create_connection(address, timeout=0.5) as door:
                yield address, door.recv(100)
