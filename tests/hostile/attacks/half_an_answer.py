"""Send half a message, so that the host waits for the rest.

Held: timeout in predict
Checked by: the host does not wait longer than the time limit.
"""

import time

import harness
from kit import send


class Model(harness.Model):
    def fit(self, train, validation):
        pass

    def predict(self, inputs):
        send({"type": "done"}, length=1000)
        time.sleep(60)
