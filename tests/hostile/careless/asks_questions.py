"""Ask the user how long to train.

Held: fit_error in fit
Checked by: there is no input to read, so the record reports an EOFError.
"""

import numpy as np

import harness


class Model(harness.Model):
    def fit(self, train, validation):
        self.epochs = int(input("epochs: "))

    def predict(self, inputs):
        return np.zeros(len(inputs), int)
