"""Count what it has seen, and let that decide.

Held: audit_failed in audit or below_baseline
Told by: in another order, the same input gets another answer.
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
