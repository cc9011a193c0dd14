"""Keep a table in names of classes and attributes, and in constants of code.

Held: passed
Checked by: the hidden data count as knowledge bytes, and the count of parameters is marked as *not verified*.
"""

import os

import harness
from kit import centroids, nearest


class Model(harness.Model):
    def fit(self, train, validation):
        self.centres = centroids(train)
        told = os.urandom(24_000).hex()
        self.classes = [type(f"A{told[n : n + 400]}", (), {}) for n in range(0, 16_000, 400)]
        for n in range(16_000, 32_000, 400):
            setattr(self, f"a{told[n : n + 400]}", None)
        names: dict[str, object] = {}
        exec(f"def f(x): return x if x else {told[32_000:]!r}", names)
        self.function = names["f"]

    def predict(self, inputs):
        return nearest(inputs, self.centres)
