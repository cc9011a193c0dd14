"""Take twice the memory allowed.

Held: out_of_memory in fit
Checked by: the record names the limit of memory.
"""

import harness


class Model(harness.Model):
    def fit(self, train, validation):
        self.hoard = bytearray(800 << 20)
        self.hoard[::4096] = b"x" * len(self.hoard[::4096])

    def predict(self, inputs):
        pass
