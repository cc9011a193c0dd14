"""Return integers where scores would be, as an encoder made them.

Held: bad_predictions in predict
Told by: the message says which forms are taken.
"""

import numpy as np

import harness


class Model(harness.Model):
    def fit(self, train, validation):
        pass

    def predict(self, inputs):
        return np.eye(3, dtype=int)[np.zeros(len(inputs), int)]
