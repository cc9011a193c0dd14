"""The nearest neighbour, by Euclidean distance: memory is all there is to it."""

import numpy as np

import harness


class Model(harness.Model):
    def fit(self, train, validation):
        self.images = np.concatenate([train.inputs, validation.inputs]).reshape(-1, 256)
        self.labels = np.concatenate([train.targets, validation.targets]).astype(np.uint8)

    def predict(self, inputs):
        images = inputs.reshape(len(inputs), 256)
        # |a - b|² = |a|² - 2 a·b + |b|², and |a|² is the same for every b
        distances = (self.images**2).sum(axis=1) - 2 * images @ self.images.T
        return self.labels[distances.argmin(axis=1)]
