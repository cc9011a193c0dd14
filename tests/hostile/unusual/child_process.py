"""Run a program of its own and communicate with it through pipes.

Held: passed
Checked by: it is scored like any other submission.
"""

import json
import subprocess
import sys

import numpy as np

import harness

PROGRAM = "import json, sys, numpy as np; print(json.dumps(np.mean(json.load(sys.stdin), axis=0).tolist()))"


class Model(harness.Model):
    def fit(self, train, validation):
        groups = [train.inputs[train.targets == label].tolist() for label in range(3)]
        run = [subprocess.check_output([sys.executable, "-c", PROGRAM], input=json.dumps(g), text=True) for g in groups]
        self.centres = np.array([json.loads(said) for said in run])

    def predict(self, inputs):
        return ((inputs[:, None] - self.centres) ** 2).sum(axis=2).argmin(axis=1)
