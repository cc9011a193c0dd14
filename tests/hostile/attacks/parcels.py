"""Store the training data where the predicting worker may find them, so that they do not count in the artifact.

Held: contained
Checked by: in the predicting worker the attack would report each place where it finds the data.
"""

import os
import sys
from contextlib import suppress
from pathlib import Path

import harness
from kit import TARGETS, report

PLACES = ("/tmp", "/var/tmp", "/dev/shm", os.environ["HOME"], str(Path(__file__).parent), sys.prefix)


class Model(harness.Model):
    def fit(self, train, validation):
        for place in PLACES:
            with suppress(OSError):
                Path(place, TARGETS["mark"]).write_bytes(train.inputs.tobytes())

    def predict(self, inputs):
        report([place for place in PLACES if Path(place, TARGETS["mark"]).exists()])
