"""Parse command-line arguments when it is imported.

Held: invalid_submission in import
Checked by: the message says that it called sys.exit.
"""

import argparse

import numpy as np

import harness

parser = argparse.ArgumentParser()
parser.add_argument("--epochs", required=True)
OPTIONS = parser.parse_args()


class Model(harness.Model):
    def fit(self, train, validation):
        pass

    def predict(self, inputs):
        return np.zeros(len(inputs), int)
