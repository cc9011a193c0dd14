"""Send half a message and wait for the host to lose patience.

Held: timeout in predict
Told by: the host does not wait longer than the limit.
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
