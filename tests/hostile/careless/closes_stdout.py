"""Close standard output to silence a library.

Held: passed
Checked by: it is scored like any other submission.
"""

import os
import sys

import numpy as np

import harness


class Model(harness.Model):
    def fit(self, train, validation):
        sys.stdout.close()
        os.close(1)
        self.centres = np.stack([train.inputs[train.targets == label].mean(axis=0) for label in range(3)])

    def predict(self, inputs):
        return ((inputs[:, None] - self.centres) ** 2).sum(axis=2).argmin(axis=1)
