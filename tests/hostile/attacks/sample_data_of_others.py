"""Search by path for sample data in the packages of every interpreter on the machine.

Held: contained
Known: rlimits (nothing is hidden there)
Checked by: the attack would report data that it can read, in the process that fits and in the one that predicts.
"""

import sys
from pathlib import Path

from kit import Looter, read

PLACES = {"/usr", "/usr/local", "/opt", sys.prefix, sys.base_prefix}
NAMES = (
    "sklearn/datasets/data/*.gz",
    "sklearn/datasets/data/iris.csv",
    "sklearn/datasets/tests/data/openml/*/*.gz",
    "scipy/io/arff/tests/data/*.arff",
    "statsmodels/datasets/*/*.csv",
    "skimage/data/*.png",
    "matplotlib/mpl-data/sample_data/*",
)
WORTH = 4096
"""The harness hides data that lies beside code only where it is no less than this."""


class Model(Looter):
    def loot(self):
        packages = {found for place in PLACES for found in Path(place).glob("lib*/python*/*-packages")}
        packages |= {Path(entry) for entry in sys.path}
        for name in NAMES:
            for path in {found for folder in packages for found in folder.glob(name)}:
                if len(read(path)) >= WORTH:
                    yield str(path)
