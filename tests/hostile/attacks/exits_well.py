"""Print the verdict of a success and end with exit code 0.

Held: predict_error in predict
Told by: an exit code says nothing; the record is a failure.
"""

import os

import harness


class Model(harness.Model):
    def fit(self, train, validation):
        pass

    def predict(self, inputs):
        print("passed: exits-well · tight: accuracy 1.0000", flush=True)
        os._exit(0)
