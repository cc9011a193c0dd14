"""Train with too large a step, until all weights are NaN.

Held: bad_predictions in predict
Checked by: the message names the item whose prediction is invalid.
"""

import numpy as np

import harness


class Model(harness.Model):
    def fit(self, train, validation):
        self.weights = np.ones((2, 3))
        with np.errstate(all="ignore"):
            for epoch in range(100):
                self.weights -= 1e6 * self.weights**3
                self.log(epoch=epoch, epochs=100, loss=float((self.weights**2).sum()))

    def predict(self, inputs):
        return inputs @ self.weights
