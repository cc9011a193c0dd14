"""Report 10**30 operations for one prediction, more than a record can store.

Held: predict_error in audit
Checked by: the number is refused where the message is decoded, and only this submission fails.
"""

import time

import harness
from kit import centroids, nearest, send


class Model(harness.Model):
    def fit(self, train, validation):
        self.centres = centroids(train)

    def predict(self, inputs):
        if len(inputs) == 1:  # asked alone for the first time to see which operators it uses
            send({"type": "operators", "names": ["x"], "flops": 10**30, "uncounted": [], "inputs_changed": False})
            time.sleep(60)
        return nearest(inputs, self.centres)
