"""Fill shared memory (`/dev/shm`) with small files, to more than the memory allowed.

Held: contained or resource_limit in fit or out_of_memory in fit
Checked by: the attack would report that all files were written.
"""

from pathlib import Path

import harness
from kit import TARGETS, report

PIECE = bytes(16 << 20)


class Model(harness.Model):
    def fit(self, train, validation):
        folder = Path("/dev/shm", TARGETS["mark"])
        try:
            folder.mkdir()
        except OSError:  # there is none
            report([])
        for number in range(50):
            (folder / str(number)).write_bytes(PIECE)
        report(["800 MiB of shared memory"])

    def predict(self, inputs):
        pass
