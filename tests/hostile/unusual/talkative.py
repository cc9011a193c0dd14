"""Print, warn and log in many alphabets, with a progress bar that rewrites its line.

Held: passed
Checked by: it is scored like any other submission.
"""

import logging
import sys
import warnings

import numpy as np

import harness


class Model(harness.Model):
    def fit(self, train, validation):
        logging.basicConfig(level=logging.DEBUG)
        logging.getLogger(__name__).info("ἀρχή — начало — 開始 🏁")
        warnings.warn("slow, but honest", stacklevel=1)
        for step in range(50):
            print(f"\r{'█' * step}", end="", file=sys.stderr, flush=True)
        print("\ud800 is half of something")
        self.centres = np.stack([train.inputs[train.targets == label].mean(axis=0) for label in range(3)])

    def predict(self, inputs):
        print(inputs)
        return ((inputs[:, None] - self.centres) ** 2).sum(axis=2).argmin(axis=1)
