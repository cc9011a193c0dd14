"""Allocate a little less than the memory allowed in each of four child processes.

Held: out_of_memory in fit
Checked by: the record names the limit of memory.
"""

import os
import time

import harness


class Model(harness.Model):
    def fit(self, train, validation):
        for _ in range(4):
            if os.fork() == 0:
                hoard = bytearray(250 << 20)
                hoard[::4096] = b"x" * len(hoard[::4096])
                time.sleep(60)
        time.sleep(60)

    def predict(self, inputs):
        pass
