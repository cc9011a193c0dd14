"""Return numbers that compare with nothing, in the hope that a comparison takes them for right.

Held: bad_predictions in predict
Told by: the record names the item.
"""

import numpy as np

import harness


class Model(harness.Model):
    def fit(self, train, validation):
        pass

    def predict(self, inputs):
        return np.full((len(inputs), 3), np.nan)
