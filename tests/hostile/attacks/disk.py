"""Fill the disk: write four times the space allowed, in many small files.

Held: resource_limit in fit
Known: landlock (the use of disk is not limited there)
Checked by: the attack would report that all files were written.
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
