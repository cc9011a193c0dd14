"""Compute in children whose end the kernel is told to forget, and their CPU time with it.

Held: timeout in fit
Known: rlimits (no call is refused there, and a limit of processes does not count what has ended)
Told by: the record names the limit of CPU time.
"""

import contextlib
import os
import signal
import time

import harness


class Model(harness.Model):
    def fit(self, train, validation):
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)
        for _ in range(100):
            child = os.fork()
            if child == 0:
                while time.process_time() < 0.02:
                    pass
                os._exit(0)
            with contextlib.suppress(ChildProcessError):
                os.waitpid(child, 0)

    def predict(self, inputs):
        raise RuntimeError("ESCAPED with two seconds of CPU time that are nobody's")
