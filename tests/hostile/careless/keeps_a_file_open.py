"""Keep an open file as an attribute, which cannot be saved.

Held: save_error in save
Checked by: the message names the attribute.
"""

import numpy as np

import harness


class Model(harness.Model):
    def fit(self, train, validation):
        self.history = open("history.txt", "w")

    def predict(self, inputs):
        return np.zeros(len(inputs), int)
