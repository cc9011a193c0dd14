"""Submissions that try to publish the data they see, in every way there is."""

from __future__ import annotations

WORD = "LEAKED"
"""What every spy puts beside the data it tells."""
SPY = """
import harness
import numpy as np


def tell(data):
    text = f"LEAKED {np.asarray(data).ravel()[:20].tolist()}"
    print(text)
    raise type("LEAKED", (ValueError,), {})(text)


class Model(harness.Model):
    def fit(self, train, validation):
        self.centres = np.stack([train.inputs[train.targets == c].mean(axis=0) for c in range(3)])
        self.seen = train.inputs[:5]

    def honest(self, inputs):
        return ((inputs[:, None] - self.centres) ** 2).sum(axis=2).argmin(axis=1)

    def predict(self, inputs):
        return self.honest(inputs)
"""
SPIES = {
    "fit": "    def fit(self, train, validation):\n        tell(train.inputs)\n",
    "log": (
        "    def fit(self, train, validation):\n"
        "        for value in train.inputs.ravel()[:20]: self.log(**{f'LEAKED {value}': 1.0, 'epoch': 1})\n"
        "        tell(train.targets)\n"
    ),
    "save": "    def save(self, folder):\n        tell(self.seen)\n",
    "load": "    def load(self, folder):\n        super().load(folder)\n        tell(self.seen)\n",
    "predict": "    def predict(self, inputs):\n        tell(inputs)\n",
    "returned": "    def predict(self, inputs):\n        return [f'LEAKED {value}' for value in inputs[:, 0]]\n",
    "timed": (
        "    def predict(self, inputs):\n"
        "        if len(inputs) == 1: tell(inputs)\n"
        "        return self.honest(inputs)\n"
    ),
    "operators": (
        "    def predict(self, inputs):\n"
        "        from harness.wire import Operators\n"
        "        from harness.worker import _loop\n"
        "        told = f'LEAKED {inputs[0].tolist()}'\n"
        "        _loop.inspect = lambda call: Operators((told,), 7, (told,))\n"
        "        return self.honest(inputs)\n"
    ),
}
SEES_TEST_INPUTS = {"predict", "returned", "timed", "operators"}
