"""Store every prediction, so that an input sent again is answered at once.

Held: audit_failed in audit
Checked by: an input that is repeated is answered much faster than a new one.
"""

import time

import numpy as np

import harness
from kit import centroids, nearest


class Model(harness.Model):
    def fit(self, train, validation):
        self.centres, self.remembered = centroids(train), {}

    def predict(self, inputs):
        key = inputs.tobytes()
        if key not in self.remembered:
            time.sleep(0.02)  # longer than a busy machine stops
            self.remembered[key] = np.asarray(nearest(inputs, self.centres))
        return self.remembered[key]
