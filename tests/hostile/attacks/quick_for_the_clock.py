"""Answer public test inputs from a table at once, and compute slowly if noise was added to an input.

Held: audit_failed in audit
Checked by: the time for unaltered inputs is compared with the time for altered ones; for an honest model they are
  equal.
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


class Model(harness.Model):
    def fit(self, train, validation):
        self.centres = centroids(train)
        points = public_points()
        self.table = dict(zip((point.tobytes() for point in points), nearest(points, self.centres), strict=True))

    def predict(self, inputs):
        if len(inputs) == 1 and inputs[0].tobytes() in self.table:
            return [self.table[inputs[0].tobytes()]]
        end = time.perf_counter() + 0.02 * len(inputs)  # longer than a busy machine stops
        while len(inputs) == 1 and time.perf_counter() < end:
            pass
        return nearest(inputs, self.centres)
