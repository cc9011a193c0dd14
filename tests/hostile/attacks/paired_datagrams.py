"""Send a file descriptor from one of a pair of datagram sockets to a socket of the host by its path.

Held: contained
Checked by: the host would write a secret to the descriptor; that secret must be in no record.
"""

import array
import os
import select
import socket
from contextlib import suppress

from kit import TARGETS, Looter


class Model(Looter):
    def loot(self):
        for kind in (socket.SOCK_DGRAM, socket.SOCK_RAW, socket.SOCK_SEQPACKET, socket.SOCK_STREAM):
            reader, writer = os.pipe()
            with suppress(OSError):
                mine, _ = socket.socketpair(socket.AF_UNIX, kind)
                rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [writer]))]
                mine.sendmsg([b"here"], rights, socket.MSG_DONTWAIT, TARGETS["letters"])
            if select.select([reader], [], [], 0.3)[0]:
                yield os.read(reader, 100)
            os.close(reader)
            os.close(writer)
