"""Start threads without end.

Held: resource_limit in fit
Told by: the record names the limit.
"""

import threading
import time

import harness


class Model(harness.Model):
    def fit(self, train, validation):
        while True:
            threading.Thread(target=time.sleep, args=(60,), daemon=True).start()

    def predict(self, inputs):
        pass
