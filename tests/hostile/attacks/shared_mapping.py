"""Allocate twice the memory allowed as an anonymous shared mapping.

Held: out_of_memory in fit
Checked by: the attack would report that it holds twice the memory allowed.
"""

import mmap
import time

import harness
from kit import report


class Model(harness.Model):
    def fit(self, train, validation):
        hoard = mmap.mmap(-1, 800 << 20)
        hoard[::4096] = bytes(len(hoard) // 4096)
        time.sleep(0.5)
        report([f"{len(hoard):,} bytes"])

    def predict(self, inputs):
        pass
