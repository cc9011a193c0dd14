"""Ask for a library that is not there, and hide the reason.

Held: invalid_submission in import
Told by: the message says what was raised; the line is blamed.
"""

import numpy as np

import harness

try:
    import cupy_of_my_own
except ImportError as error:
    raise RuntimeError("this model needs a GPU") from error


class Model(harness.Model):
    def fit(self, train, validation):
        self.device = cupy_of_my_own.device

    def predict(self, inputs):
        return np.zeros(len(inputs), int)
