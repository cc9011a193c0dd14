"""Replace all clocks in its own process, and take five milliseconds for each prediction.

Held: passed
Checked by: the latency in the record is at least the five milliseconds of a prediction.
"""

import time

import harness
from kit import centroids, nearest

sleep = time.sleep


class Model(harness.Model):
    def fit(self, train, validation):
        self.centres = centroids(train)

    def predict(self, inputs):
        for name in ("time", "monotonic", "perf_counter", "process_time"):
            setattr(time, name, lambda: 0.0)
        sleep(0.005)
        return nearest(inputs, self.centres)
