"""Announce an array larger than the memory of the host.

Held: bad_predictions in predict or predict_error in predict
Checked by: the message is refused before memory is allocated for the array.
"""

import time

import harness
from kit import header, send


class Model(harness.Model):
    def fit(self, train, validation):
        pass

    def predict(self, inputs):
        send({"type": "done"}, header(len(inputs), 1 << 40, kind=b"f"), 1)
        time.sleep(60)
