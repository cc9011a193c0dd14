"""Compute in a pool of processes, once by fork and once by spawn, with a function of this file.

Held: passed
Known: landlock (locks between processes need shared memory, which two workers could share)
Checked by: it is scored like any other submission.
"""

import multiprocessing

import numpy as np

import harness


def mean(points):
    return points.mean(axis=0)


class Model(harness.Model):
    def fit(self, train, validation):
        groups = [train.inputs[train.targets == label] for label in range(3)]
        for method in ("fork", "spawn"):
            with multiprocessing.get_context(method).Pool(2) as pool:
                self.centres = np.stack(pool.map(mean, groups))

    def predict(self, inputs):
        return ((inputs[:, None] - self.centres) ** 2).sum(axis=2).argmin(axis=1)
