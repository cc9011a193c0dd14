"""Catch every exception and try again, for ever.

Held: timeout in fit
Checked by: the record names the time limit.
"""

import time

import numpy as np

import harness


class Model(harness.Model):
    def fit(self, train, validation):
        while True:
            try:
                time.sleep(0.01)
                raise KeyError("never found")
            except BaseException:
                continue

    def predict(self, inputs):
        return np.zeros(len(inputs), int)
