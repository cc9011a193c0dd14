"""The commoner answer of each pixel, which is background everywhere: what knowing nothing is worth."""

import numpy as np

import harness


class Model(harness.Model):
    def fit(self, train, validation):
        self.mask = (train.targets > 0).mean(axis=0) > 0.5

    def predict(self, inputs):
        return np.repeat(self.mask[None].astype(np.int64), len(inputs), axis=0)
