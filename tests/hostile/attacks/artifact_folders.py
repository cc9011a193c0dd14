"""Save few empty files, each in many nested folders that the host would have to create and remove.

Held: resource_limit in save
Checked by: the record names the maximum number of folders.
"""

import numpy as np

import harness
from kit import nearest


class Model(harness.Model):
    def fit(self, train, validation):
        pass

    def save(self, folder):
        for number in range(900):
            deep = folder / str(number) / "/".join("a" * 14)
            deep.mkdir(parents=True)
            (deep / "f").touch()

    def load(self, folder):
        pass

    def predict(self, inputs):
        return nearest(inputs, np.zeros((3, 2)))
