"""Delete its own folder to make room for a fresh start.

Held: fit_error in fit
Told by: the submission is as it was: the hash of the whole course says so.
"""

import shutil
from pathlib import Path

import numpy as np

import harness


class Model(harness.Model):
    def fit(self, train, validation):
        shutil.rmtree(Path(__file__).parent)

    def predict(self, inputs):
        return np.zeros(len(inputs), int)
