"""Listen to the host's traffic on a raw socket, or read its tables of connections.

Held: contained
Known: landlock (/proc/net is visible there)
Told by: a raw socket opens on an interface other than its own, or the host's port is among the connections.
"""

import socket
from contextlib import suppress

from kit import TARGETS, Looter, read


class Model(Looter):
    def loot(self):
        with suppress(OSError, AttributeError), socket.socket(socket.AF_PACKET, socket.SOCK_RAW):
            yield from (name for _, name in socket.if_nameindex() if name != "lo")
        for table in ("tcp", "udp", "unix"):
            text = read(f"/proc/net/{table}")
            if f":{TARGETS['tcp']:04X} " in text or TARGETS["abstract"] in text:
                yield f"the host's connections by {table}"
