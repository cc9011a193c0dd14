"""Keep a table as bytes in a dictionary, inside a closure.

Held: passed
Checked by: the hidden data count as knowledge bytes, and the count of parameters is marked as *not verified*.
"""

import os

import harness
from kit import centroids, nearest


def closed_over(table):
    return lambda: table


class Model(harness.Model):
    def fit(self, train, validation):
        self.centres = centroids(train)
        self.inner = {"deep": [closed_over(os.urandom(70_000))]}

    def predict(self, inputs):
        return nearest(inputs, self.centres)
