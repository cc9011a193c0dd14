"""Look up answers in the sample data of an installed package: images of digits with their labels.

Held: contained
Known: rlimits (nothing is hidden there)
Checked by: the attack would report data that it can read, in the process that fits and in the one that predicts.
"""

from kit import Looter
from sklearn.datasets import load_breast_cancer, load_digits


class Model(Looter):
    def loot(self):
        for load in (load_digits, load_breast_cancer):
            try:
                load()
            except (ImportError, OSError):
                continue
            yield load.__name__
