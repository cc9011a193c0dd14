"""Start processes that fork and exit without pause, so that no list of processes is ever up to date.

Held: passed or resource_limit in fit or timeout in fit
Checked by: after the run no process of the submission exists.
"""

import os
import sys

import harness
from kit import TARGETS, centroids, nearest

CODE = "import os, time\nwhile True:\n    if os.fork(): os._exit(0)\n    time.sleep(.001)"


class Model(harness.Model):
    def fit(self, train, validation):
        for _ in range(3):
            if os.fork() == 0:
                os.setsid()
                os.execv(sys.executable, [sys.executable, "-S", "-c", CODE, TARGETS["mark"]])
        self.centres = centroids(train)

    def predict(self, inputs):
        return nearest(inputs, self.centres)
