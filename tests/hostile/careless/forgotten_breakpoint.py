"""Leave a breakpoint in.

Held: fit_error in fit
Told by: the debugger finds no terminal and quits; nothing waits.
"""

import numpy as np

import harness


class Model(harness.Model):
    def fit(self, train, validation):
        breakpoint()
        self.classes = 3

    def predict(self, inputs):
        return np.zeros(len(inputs), int)
