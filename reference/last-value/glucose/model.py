"""The last value carried forward: nothing changes in half an hour."""

import numpy as np

import harness


class Model(harness.Model):
    def fit(self, train, validation):
        pass

    def predict(self, inputs):
        return np.repeat(inputs[:, -1:], self.task.horizon, axis=1)
