"""Leave a thread running that logs for ever and does not end with the program.

Held: passed
Checked by: it is scored like any other submission, and no process is left.
"""

import threading
import time

import numpy as np

import harness


class Model(harness.Model):
    def fit(self, train, validation):
        self.centres = np.stack([train.inputs[train.targets == label].mean(axis=0) for label in range(3)])
        threading.Thread(target=self.watch).start()

    def watch(self):
        while True:
            self.log(norm=float((self.centres**2).sum()))
            time.sleep(0.01)

    def predict(self, inputs):
        return ((inputs[:, None] - self.centres) ** 2).sum(axis=2).argmin(axis=1)
