"""Compare every test input with every training input at once, and run out of memory.

Held: out_of_memory in predict
Checked by: the record names the limit of memory.
"""

import numpy as np

import harness


class Model(harness.Model):
    def fit(self, train, validation):
        self.seen = np.tile(train.inputs, (300, 1))

    def predict(self, inputs):
        distances = (inputs[:, None, :, None] - self.seen[None, :, None, :]) ** 2
        return np.tile(distances, 10).sum(axis=(2, 3)).argmin(axis=1) % 3
