"""Return an object at once that computes the predictions, for five milliseconds, only when it is converted.

Held: passed
Checked by: the latency in the record is at least the five milliseconds of the conversion.
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
