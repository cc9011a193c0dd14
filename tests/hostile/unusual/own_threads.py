"""Compute in threads of its own, and log from them.

Held: passed
Checked by: it is scored like any other submission.
"""

from concurrent.futures import ThreadPoolExecutor

import numpy as np

import harness


class Model(harness.Model):
    def fit(self, train, validation):
        def centre(label):
            self.log(step=label, steps=3)
            return train.inputs[train.targets == label].mean(axis=0)

        with ThreadPoolExecutor(4) as pool:
            self.centres = np.stack(list(pool.map(centre, range(3))))

    def predict(self, inputs):
        with ThreadPoolExecutor(2) as pool:
            return np.stack(list(pool.map(lambda centre: -((inputs - centre) ** 2).sum(axis=1), self.centres)), axis=1)
