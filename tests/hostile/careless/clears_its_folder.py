"""Delete its own folder before it trains.

Held: fit_error in fit
Checked by: the submission is unchanged: the digest of every file of the course is compared.
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
