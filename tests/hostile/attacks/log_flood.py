"""Log 30,000 messages, with names of every length and extreme numbers.

Held: passed or timeout in fit
Checked by: the size of the learning curve that is stored stays below its limit.
"""

import harness
from kit import centroids, nearest


class Model(harness.Model):
    def fit(self, train, validation):
        self.centres = centroids(train)
        for number in range(30_000):
            self.log(**{"k" * (number % 200): number, "epoch": -1e308, "epochs": 5e-324, "loss": float("nan")})

    def predict(self, inputs):
        return nearest(inputs, self.centres)
