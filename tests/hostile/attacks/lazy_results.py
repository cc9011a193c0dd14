"""Return a promise at once, and compute five milliseconds when somebody looks.

Held: passed
Told by: the clock runs until the numbers are there: the latency in the record is at least what was slept.
"""

import time

import harness
from kit import centroids, nearest


class Promise:
    def __init__(self, inputs, centres):
        self.inputs, self.centres = inputs, centres

    def __array__(self, dtype=None, copy=None):
        time.sleep(0.005)
        return nearest(self.inputs, self.centres)


class Model(harness.Model):
    def fit(self, train, validation):
        self.centres = centroids(train)

    def predict(self, inputs):
        return Promise(inputs, self.centres)
