"""Connect to a Unix socket in the abstract namespace, which is not protected by file permissions.

Held: contained
Checked by: the listener would send a secret; that secret must be in no record.
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
