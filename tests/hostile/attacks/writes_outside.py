"""Write files in the host's folders, in its own submission, and in those of the interpreter and the harness.

Held: contained
Checked by: the attack would report each folder in which it created a file.
"""

import os
import sys
from contextlib import suppress
from pathlib import Path

import numpy as np

import harness
from kit import TARGETS, Looter


class Model(Looter):
    def loot(self):
        harness_folder = Path(harness.__file__).parent
        beside = [Path(__file__).parent, Path(np.__file__).parent, harness_folder, Path(sys.prefix, "lib")]
        for folder in (TARGETS["loot"], TARGETS["course"], TARGETS["home"], "/usr/lib", "/etc", *beside):
            path = Path(folder, TARGETS["name"])
            with suppress(OSError):
                path.write_text("mine")
                yield folder
                os.chmod(folder, 0o755)
                path.unlink()
