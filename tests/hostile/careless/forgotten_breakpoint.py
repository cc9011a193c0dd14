"""Leave a `breakpoint()` in the code.

Held: fit_error in fit
Checked by: the debugger finds no terminal and exits; no process waits for input.
"""

import numpy as np

import harness


class Model(harness.Model):
    def fit(self, train, validation):
        breakpoint()
        self.classes = 3

    def predict(self, inputs):
        return np.zeros(len(inputs), int)
