"""Return an instance of an array subclass that behaves differently from the data it stores.

Held: below_baseline or bad_predictions in predict
Task: coin
Checked by: only the bytes that were received are scored, and the score is not better than chance.
"""

import numpy as np

import harness


class Liar(np.ndarray):
    def __eq__(self, other):
        return np.ones(len(self), bool)

    def __array_function__(self, function, types, arguments, named):
        return 1.0

    def __array_wrap__(self, array, context=None, return_scalar=False):
        return np.ones(len(self))


class Model(harness.Model):
    def fit(self, train, validation):
        pass

    def predict(self, inputs):
        return np.zeros(len(inputs), int).view(Liar)
