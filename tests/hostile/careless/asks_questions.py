"""Ask the user how long to train.

Held: fit_error in fit
Told by: there is nobody to answer: EOFError, at the line.
"""

import numpy as np

import harness


class Model(harness.Model):
    def fit(self, train, validation):
        self.epochs = int(input("epochs: "))

    def predict(self, inputs):
        return np.zeros(len(inputs), int)
