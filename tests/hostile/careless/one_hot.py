"""Return integers in the shape of scores, such as a one-hot encoding.

Held: bad_predictions in predict
Checked by: the message lists the forms that are accepted.
"""

import numpy as np

import harness


class Model(harness.Model):
    def fit(self, train, validation):
        pass

    def predict(self, inputs):
        return np.eye(3, dtype=int)[np.zeros(len(inputs), int)]
