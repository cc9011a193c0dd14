"""Connect to a Unix socket by its path, such as that of a container daemon which everybody may use.

Held: contained
Checked by: the listener would send a secret; that secret must be in no record.
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
