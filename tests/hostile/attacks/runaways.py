"""Leave processes that fork and end without pause, so that no list of them is ever true.

Held: passed or resource_limit in fit or timeout in fit
Told by: after the run no process has its mark.
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
