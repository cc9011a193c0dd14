"""Yield the predictions one by one.

Held: bad_predictions in predict
Checked by: the message names the type of the object that was returned.
"""

import harness


class Model(harness.Model):
    def fit(self, train, validation):
        pass

    def predict(self, inputs):
        for _ in inputs:
            yield 0
