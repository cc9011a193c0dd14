"""Learn from the test inputs in `predict`: compare each input with the mean of its batch.

Held: audit_failed in audit
Checked by: an input that is sent alone gets a different prediction than in a batch.
"""

import numpy as np

import harness


class Model(harness.Model):
    def fit(self, train, validation):
        pass

    def predict(self, inputs):
        right, up = (inputs - inputs.mean(axis=0)).T
        return np.where(up > 0.1, 2, np.where(right < 0, 0, 1))
