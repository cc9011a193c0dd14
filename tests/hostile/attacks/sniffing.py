"""Capture the traffic of the host on a raw socket, or read its tables of connections.

Held: contained
Known: landlock (/proc/net is visible there)
Checked by: the attack would report an interface other than the loopback, or a connection of the host.
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
