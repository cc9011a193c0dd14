"""The answer that was most common in training, whatever the question."""

import numpy as np

import harness


class Majority(harness.Model):
    def fit(self, train, validation):
        self.label = np.bincount(train.targets).argmax()

    def predict(self, inputs):
        return np.full(len(inputs), self.label)
