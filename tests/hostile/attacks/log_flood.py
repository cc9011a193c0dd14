"""Report progress without end, under names of every length and numbers of every size.

Held: passed or timeout in fit
Told by: the learning curve kept is of ordinary size.
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
