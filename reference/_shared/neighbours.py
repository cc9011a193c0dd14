"""The nearest neighbours by Euclidean distance; validation picks how many."""

import numpy as np

import harness


class Nearest(harness.Model):
    choices = (1, 3, 5, 9, 15)

    def fit(self, train, validation):
        self.items = train.inputs.reshape(len(train), -1)
        self.labels = train.targets.astype(np.uint8)
        near = self.nearest(validation.inputs)
        right = {k: (self.vote(near[:, :k]).argmax(axis=1) == validation.targets).mean() for k in self.choices}
        self.k = max(right, key=right.get)

    def predict(self, inputs):
        return self.vote(self.nearest(inputs)[:, : self.k])

    def nearest(self, inputs):
        """Return the labels of the (N, most) nearest items, nearest first."""
        asked, most = inputs.reshape(len(inputs), -1), max(self.choices)
        # |a - b|² = |a|² - 2 a·b + |b|², and |a|² is the same for every b
        distances = (self.items**2).sum(axis=1) - 2 * asked @ self.items.T
        some = np.argpartition(distances, most, axis=1)[:, :most]
        order = np.take_along_axis(distances, some, axis=1).argsort(axis=1)
        return self.labels[np.take_along_axis(some, order, axis=1)]

    def vote(self, labels):
        """Return (N, C) shares of the votes."""
        return (labels[:, :, None] == np.arange(len(self.task.classes))).mean(axis=1)
