"""Count the inputs it has seen, and use the count in predictions.

Held: audit_failed in audit or below_baseline
Checked by: if the inputs are sent in a different order, the same input gets a different prediction.
"""

import numpy as np

import harness


class Model(harness.Model):
    seen = 0

    def fit(self, train, validation):
        self.centres = np.stack([train.inputs[train.targets == label].mean(axis=0) for label in range(3)])

    def predict(self, inputs):
        labels = ((inputs[:, None] - self.centres) ** 2).sum(axis=2).argmin(axis=1)
        self.seen += len(inputs)
        return (labels + self.seen // 150) % 3
