"""Send a prediction in the harness's own protocol before anything was computed, then send another.

Held: predict_error in predict or bad_predictions in predict or audit_failed in audit or predict_error in measure or
  bad_predictions in measure or below_baseline
Checked by: each message is checked against the format of predictions, and the timed predictions are compared with the
  scored.
"""

import struct

import harness
from kit import header, send


class Model(harness.Model):
    def fit(self, train, validation):
        pass

    def predict(self, inputs):
        n = len(inputs)
        send({"type": "done"}, header(n) + struct.pack(f"<{n}q", *[0] * n), 1)
        return [0] * n
