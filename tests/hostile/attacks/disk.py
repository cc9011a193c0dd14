"""Fill the disk: four times what is allowed, in files each small enough.

Held: resource_limit in fit
Known: landlock (disk is not capped there)
Told by: it can hold it and say so.
"""

from pathlib import Path

import harness
from kit import report

PIECE = bytes(16 << 20)


class Model(harness.Model):
    def fit(self, train, validation):
        for number in range(16):
            Path(f"piece-{number}").write_bytes(PIECE)
        report(["256 MiB of scratch, of 64 allowed"])

    def predict(self, inputs):
        pass
