"""Compute in child processes that the kernel is told to discard (SIGCHLD ignored), so that their CPU time is lost.

Held: timeout in fit
Known: rlimits (no call is refused there, and a limit of processes does not count those that have ended)
Checked by: the record names the limit of CPU time.
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
