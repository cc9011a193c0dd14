"""Write random bytes into every open file descriptor.

Held: fit_error in fit
Checked by: the record says that the protocol was violated.
"""

import os
import time
from contextlib import suppress

import harness


class Model(harness.Model):
    def fit(self, train, validation):
        for fd in range(3, 64):
            with suppress(OSError):
                os.write(fd, os.urandom(10_000))
        time.sleep(60)

    def predict(self, inputs):
        pass
