"""Install packages when it is imported.

Held: invalid_submission in import
Checked by: the message names the command that failed.
"""

import subprocess
import sys

import numpy as np

import harness

subprocess.run([sys.executable, "-m", "pip", "install", "--retries=0", "--timeout=1", "no-such-package"], check=True)


class Model(harness.Model):
    def fit(self, train, validation):
        pass

    def predict(self, inputs):
        return np.zeros(len(inputs), int)
