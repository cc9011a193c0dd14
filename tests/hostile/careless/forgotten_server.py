"""Start a helper process in `fit` and never end it.

Held: passed
Checked by: it is scored like any other submission, and no process is left.
"""

import subprocess
import sys

import numpy as np

import harness


class Model(harness.Model):
    def fit(self, train, validation):
        subprocess.Popen([sys.executable, "-m", "http.server", "0", "--bind", "127.0.0.1"])
        self.centres = np.stack([train.inputs[train.targets == label].mean(axis=0) for label in range(3)])

    def predict(self, inputs):
        return ((inputs[:, None] - self.centres) ** 2).sum(axis=2).argmin(axis=1)
