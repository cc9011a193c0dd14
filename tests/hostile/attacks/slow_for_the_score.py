"""Answer public test inputs exactly but slowly, and quickly if noise was added to an input for timing.

Held: audit_failed in audit
Checked by: the time for unaltered inputs is compared with the time for altered ones, and the latency is that of
  unaltered ones.
"""

import time

import numpy as np

import harness
from kit import centroids, nearest

CENTRES = ((0.2, 0.2), (0.8, 0.2), (0.5, 0.8))


def public_points():
    generator = np.random.Generator(np.random.PCG64(7))
    targets = np.repeat(np.arange(3), 100)
    noise = generator.normal(0, 0.12, (300, 2))
    return np.clip(np.array(CENTRES, np.float32)[targets] + noise, 0, 1).astype(np.float32)


def work(seconds):
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        pass


class Model(harness.Model):
    SLOW_WHERE_KNOWN = True

    def fit(self, train, validation):
        self.centres = centroids(train)
        self.known = {point.tobytes() for point in public_points()}

    def predict(self, inputs):
        if len(inputs) == 1:
            work(0.02 if (inputs[0].tobytes() in self.known) == self.SLOW_WHERE_KNOWN else 0)
        return nearest(inputs, self.centres)
