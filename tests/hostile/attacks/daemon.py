"""Leave a daemon running: forked twice, in a session of its own, ignoring signals.

Held: passed
Checked by: after the run no process of the submission exists; it is scored, because its predictions are honest.
"""

import os
import signal
import sys

import harness
from kit import TARGETS, centroids, nearest


def flee():
    if os.fork():
        return
    os.setsid()
    if os.fork() == 0:
        for number in (signal.SIGHUP, signal.SIGTERM, signal.SIGINT):
            signal.signal(number, signal.SIG_IGN)
        os.execv(sys.executable, [sys.executable, "-S", "-c", "import time; time.sleep(600)", TARGETS["mark"]])
    os._exit(0)


class Model(harness.Model):
    def fit(self, train, validation):
        flee()
        self.centres = centroids(train)

    def predict(self, inputs):
        if not hasattr(self, "fled"):
            self.fled = flee()
        return nearest(inputs, self.centres)
