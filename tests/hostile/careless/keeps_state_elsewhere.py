"""Keep what it learned in a global variable, which nobody saves.

Held: predict_error in predict
Told by: the fresh process that predicts does not have it; the line is blamed.
"""

import harness

CENTRES = {}


class Model(harness.Model):
    def fit(self, train, validation):
        CENTRES.update({label: train.inputs[train.targets == label].mean(axis=0) for label in range(3)})

    def predict(self, inputs):
        return [min(CENTRES, key=lambda label: ((one - CENTRES[label]) ** 2).sum()) for one in inputs]
