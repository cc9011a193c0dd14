"""Read the training data from a path that exists only on the student's own computer.

Held: fit_error in fit
Checked by: the message names the file, and the record names the line of the submission.
"""

import numpy as np

import harness


class Model(harness.Model):
    def fit(self, train, validation):
        self.table = np.load("/home/alice/course/blobs/train.npy")

    def predict(self, inputs):
        return np.zeros(len(inputs), int)
