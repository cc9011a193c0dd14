"""Send log messages with the longest names from every worker, without the library that limits them.

Held: passed or timeout in fit or timeout in predict or timeout in measure
Checked by: the size of the learning curve that is stored stays below its limit.
"""

import harness
from kit import centroids, nearest, send

NAMES = [f"{number:064}" for number in range(32)]


def flood(messages):
    for number in range(messages):
        send({"type": "logged", "values": dict.fromkeys(NAMES, number + 0.1234567890123)})


class Model(harness.Model):
    def fit(self, train, validation):
        self.centres = centroids(train)
        flood(3_000)

    def load(self, folder):
        super().load(folder)
        flood(3_000)

    def predict(self, inputs):
        return nearest(inputs, self.centres)
