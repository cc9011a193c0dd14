"""Be two models, of which one is timed and the other scored, with scores so small that an absolute tolerance sees one.

Held: audit_failed in audit
Told by: scores are compared beside how far they lie apart, and labels that flip are counted.
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
