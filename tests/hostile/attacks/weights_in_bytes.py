"""Keep a table as bytes, in a dictionary, in a closure.

Held: passed
Told by: what it knows is more than numbers in arrays, so its parameters are not verified.
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
