"""Start threads without end.

Held: resource_limit in fit
Checked by: the record names the limit of processes and threads.
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
