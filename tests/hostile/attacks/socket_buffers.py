"""Keep memory in the kernel: data sent through its own sockets and never read.

Held: contained or out_of_memory in fit or resource_limit in fit
Known: namespaces, landlock (only a control group counts what is in the buffers of sockets)
Checked by: the attack would report that it holds more than the memory allowed.
"""

import os
import resource
import socket
import time
from contextlib import suppress

import harness
from kit import report

PIECE = bytes(1 << 16)


class Model(harness.Model):
    def fit(self, train, validation):
        _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
        self.kept, held = [], 0
        with suppress(OSError):
            while held < 800 << 20:
                pair = socket.socketpair()
                self.kept.append(pair)
                pair[0].setblocking(False)
                with suppress(BlockingIOError):
                    while True:
                        held += pair[0].send(PIECE)
        time.sleep(0.3)
        report([f"{held:,} bytes by {os.getpid()}"] if held > 400 << 20 else [])

    def predict(self, inputs):
        pass
