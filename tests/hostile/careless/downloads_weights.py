"""Download pretrained weights when it is imported.

Held: invalid_submission in import
Checked by: the message reports the connection that failed.
"""

from urllib.request import urlopen

import numpy as np

import harness

WEIGHTS = urlopen("http://127.0.0.1:9/weights.npy", timeout=3).read()


class Model(harness.Model):
    def fit(self, train, validation):
        pass

    def predict(self, inputs):
        return np.zeros(len(inputs), int)
