"""Set LD_PRELOAD and Python's own variables, in case the next process of the host inherits them.

Held: contained
Checked by: the attack would report each of the variables that is set in the next worker.
"""

import os

import harness
from kit import report

VARIABLES = ("LD_PRELOAD", "LD_LIBRARY_PATH", "PYTHONSTARTUP", "PYTHONHOME", "BASH_ENV")


class Model(harness.Model):
    def fit(self, train, validation):
        os.environ.update(dict.fromkeys(VARIABLES, "/tmp/mine.so"))

    def predict(self, inputs):
        report([name for name in VARIABLES if name in os.environ])
