"""Compute in child processes that end before their CPU time can be measured.

Held: timeout in fit
Checked by: the record names the limit of CPU time.
"""

import os

import harness


class Model(harness.Model):
    def fit(self, train, validation):
        while True:
            if os.fork() == 0:
                if os.fork() == 0:  # whose parent is gone when it ends
                    sum(number * number for number in range(300_000))
                os._exit(0)
            os.wait()

    def predict(self, inputs):
        pass
