"""Leave dropout enabled in `predict`.

Held: audit_failed in audit or below_baseline
Checked by: the same input gets different predictions at different times.
"""

import numpy as np

import harness


class Model(harness.Model):
    def fit(self, train, validation):
        self.centres = np.stack([train.inputs[train.targets == label].mean(axis=0) for label in range(3)])

    def predict(self, inputs):
        kept = inputs * (np.random.random(inputs.shape) > 0.3)
        return ((kept[:, None] - self.centres) ** 2).sum(axis=2).argmin(axis=1)
