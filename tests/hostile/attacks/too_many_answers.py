"""Return an answer for every class at once, as a matrix larger than asked for.

Held: bad_predictions in predict
Told by: the record says which shapes were expected.
"""

import numpy as np

import harness


class Model(harness.Model):
    def fit(self, train, validation):
        pass

    def predict(self, inputs):
        return np.tile(np.arange(3), (len(inputs), 100_000))
