"""Answer in the harness's own protocol before the question was computed, then answer again.

Held: predict_error in predict or bad_predictions in predict or audit_failed in audit or predict_error in measure or
  bad_predictions in measure or below_baseline
Told by: what comes is held against its form, and what was timed against what was scored.
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
