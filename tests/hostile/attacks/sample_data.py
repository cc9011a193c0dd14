"""Look up answers in the sample data of an installed package: pictures of digits with their labels.

Held: contained
Known: rlimits (nothing is hidden there)
Told by: neither where it is fitted nor where it predicts is anything there.
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
