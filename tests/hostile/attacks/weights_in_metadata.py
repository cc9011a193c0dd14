"""Keep a table in the metadata of a file of arrays.

Held: passed
Checked by: the hidden data count as knowledge bytes, and the count of parameters is marked as *not verified*.
"""

import os

from safetensors.numpy import load_file, save_file

import harness
from kit import centroids, nearest


class Model(harness.Model):
    def fit(self, train, validation):
        self.centres = centroids(train)

    def save(self, folder):
        save_file({"centres": self.centres}, folder / "model.safetensors", metadata={"table": os.urandom(40_000).hex()})

    def load(self, folder):
        self.centres = load_file(folder / "model.safetensors")["centres"]

    def predict(self, inputs):
        return nearest(inputs, self.centres)
