"""Return scores so small that an absolute tolerance does not see that the timed model is not the scored one.

Held: audit_failed in audit
Checked by: scores are compared relative to their range, and predicted classes that differ are counted.
"""

import numpy as np

import harness
from kit import centroids, nearest


class Model(harness.Model):
    def fit(self, train, validation):
        self.centres = centroids(train)

    def predict(self, inputs):
        labels = nearest(inputs, self.centres)
        if len(inputs) == 1:
            return np.zeros((1, 3), np.float32)
        return np.eye(3, dtype=np.float32)[labels] * np.float32(5e-5)
