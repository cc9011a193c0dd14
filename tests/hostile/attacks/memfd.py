"""Keep memory in files that have no name and are mapped by nobody, so that it is no process's.

Held: contained or out_of_memory in fit or out_of_memory in save
Told by: it can hold twice the memory allowed and say so.
"""

import os
import time

import harness
from kit import report

PIECE = bytes(16 << 20)


class Model(harness.Model):
    def fit(self, train, validation):
        held = 0
        try:
            while held < 800 << 20:
                held += os.write(os.memfd_create("hoard"), PIECE)
        except OSError:  # no such call
            report([])
        time.sleep(0.5)
        report([f"{held:,} bytes"])

    def predict(self, inputs):
        pass
