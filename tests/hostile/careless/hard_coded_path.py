"""Read the training data from the folder where it lay at home.

Held: fit_error in fit
Told by: the message names the file, and the line is blamed.
"""

import numpy as np

import harness


class Model(harness.Model):
    def fit(self, train, validation):
        self.table = np.load("/home/alice/course/blobs/train.npy")

    def predict(self, inputs):
        return np.zeros(len(inputs), int)
