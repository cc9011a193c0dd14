"""Replace the metrics, NumPy's comparisons and the harness's own checks in its own process.

Held: below_baseline
Task: coin
Checked by: the score is computed in another process and is not better than chance.
"""

import numpy as np

import harness


class Model(harness.Model):
    def fit(self, train, validation):
        pass

    def predict(self, inputs):
        for name in ("mean", "equal", "array_equal", "argmax", "isfinite"):
            setattr(np, name, lambda *arguments, **named: 1.0)
        for name in ("accuracy", "macro_f1"):
            setattr(harness.metrics, name, None)
        return np.zeros(len(inputs), int)
