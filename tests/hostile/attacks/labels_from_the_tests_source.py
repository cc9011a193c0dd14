"""Run the task's own code in `predict` to generate the test part again, and return its labels.

Held: predict_error in predict
Task: coin
Checked by: the task's code does not exist in the worker.
"""

import runpy

import harness
from kit import TARGETS


class Model(harness.Model):
    def fit(self, train, validation):
        pass

    def predict(self, inputs):
        task = runpy.run_path(f"{TARGETS['course']}/tasks/coin/task.py")
        return task["clouds"]().test.targets
