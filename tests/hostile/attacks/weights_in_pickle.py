"""Save a table in a pickle that it writes itself.

Held: passed
Checked by: the hidden data count as knowledge bytes, and the count of parameters is marked as *not verified*.
"""

import os
import pickle

import harness
from kit import centroids, nearest


class Model(harness.Model):
    def fit(self, train, validation):
        self.centres = centroids(train)

    def save(self, folder):
        (folder / "model.pkl").write_bytes(pickle.dumps((self.centres, os.urandom(70_000))))

    def load(self, folder):
        self.centres, _ = pickle.loads((folder / "model.pkl").read_bytes())

    def predict(self, inputs):
        return nearest(inputs, self.centres)
