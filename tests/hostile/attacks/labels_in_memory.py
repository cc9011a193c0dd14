"""Search all objects and stack frames of the predicting process for the labels, and return them.

Held: below_baseline
Task: coin
Checked by: the labels are random, so a score above chance would show that the attack has read them.
"""

import gc
import sys

import numpy as np

import harness


def label_like(thing, n):
    return isinstance(thing, np.ndarray) and thing.dtype.kind in "iu" and thing.shape == (n,) and thing.max() <= 2


class Model(harness.Model):
    def fit(self, train, validation):
        pass

    def predict(self, inputs):
        if len(inputs) == 1:  # timed, not scored: no need to look
            return [0]
        n, frame = len(inputs), sys._getframe()
        while frame is not None:
            for thing in frame.f_locals.values():
                if label_like(thing, n) or label_like(getattr(thing, "targets", None), n):
                    return thing
            frame = frame.f_back
        found = [thing for thing in gc.get_objects() if label_like(thing, n)]
        found += [thing.targets for thing in gc.get_objects() if isinstance(thing, harness.Split)]
        return found[0] if found and len(found[0]) == n else np.zeros(n, int)
