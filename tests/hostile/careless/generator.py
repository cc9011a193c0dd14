"""Yield the predictions one by one.

Held: bad_predictions in predict
Told by: the message names the kind of thing that came.
"""

import harness


class Model(harness.Model):
    def fit(self, train, validation):
        pass

    def predict(self, inputs):
        for _ in inputs:
            yield 0
