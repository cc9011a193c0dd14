"""Answer all requests of the timed phase in advance, without reading any, until the pipe of requests is full.

Held: audit_failed in audit or timeout in measure or predict_error in measure or bad_predictions in measure
Checked by: the predictions are guesses and therefore wrong; the host waits for space in the pipe no longer than the
  time limit.
"""

import struct

import numpy as np

import harness
from kit import centroids, header, nearest, send


class Model(harness.Model):
    alone = 0

    def fit(self, train, validation):
        self.centres = centroids(train)

    def predict(self, inputs):
        self.alone += len(inputs) == 1
        if self.alone > 3:
            while True:  # whoever listens hears answers; nobody reads the questions
                send({"type": "done"}, header(1) + struct.pack("<q", 0), 1)
        return np.asarray(nearest(inputs, self.centres))
