"""Keep what it learned in a global variable, which is not saved.

Held: predict_error in predict
Checked by: the new process that predicts does not have it; the record names the line of the submission.
"""

import harness

CENTRES = {}


class Model(harness.Model):
    def fit(self, train, validation):
        CENTRES.update({label: train.inputs[train.targets == label].mean(axis=0) for label in range(3)})

    def predict(self, inputs):
        return [min(CENTRES, key=lambda label: ((one - CENTRES[label]) ** 2).sum()) for one in inputs]
