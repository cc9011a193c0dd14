"""Save pickles that run a command when they are opened, under the names of files that the harness reads.

Held: load_error in load or predict_error in predict
Checked by: only a worker opens them, so the command creates no file on the host.
"""

import pickle

import harness
from kit import TARGETS


class Payload:
    def __reduce__(self):
        import os

        return os.system, (f"echo mine > {TARGETS['loot']}/{TARGETS['name']}",)


class Model(harness.Model):
    def fit(self, train, validation):
        pass

    def save(self, folder):
        super().save(folder)
        for name in ("structure.pkl", "weights.pt", "arrays.npy"):
            (folder / name).write_bytes(pickle.dumps(Payload()))

    def predict(self, inputs):
        raise RuntimeError("the command was run where it does no harm")
