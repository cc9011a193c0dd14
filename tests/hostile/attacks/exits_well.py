"""Print the text of a passed evaluation and exit with code 0.

Held: predict_error in predict
Checked by: the printed text and the exit code are ignored; the record is a failure.
"""

import os

import harness


class Model(harness.Model):
    def fit(self, train, validation):
        pass

    def predict(self, inputs):
        print("passed: exits-well · tight: accuracy 1.0000", flush=True)
        os._exit(0)
