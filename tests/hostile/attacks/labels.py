"""Read the private labels by their path, around corners and through other processes' roots.

Held: contained
Told by: the file's digest is in no record.
"""

import hashlib
from pathlib import Path

from kit import TARGETS, Looter


class Model(Looter):
    def loot(self):
        labels = TARGETS["labels"]
        corners = (
            "/proc/1/root",
            "/proc/self/root",
            "/proc/2/cwd/../../../..",
            str(Path(__file__).parent) + "/../" * 9,
        )
        for path in (labels, *(corner + labels for corner in corners)):
            try:
                yield hashlib.sha256(Path(path).read_bytes()).hexdigest()
            except OSError:
                continue
