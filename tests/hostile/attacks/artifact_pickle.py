"""Save a pickle that runs a command when it is opened, in the place where the harness keeps its own.

Held: load_error in load or predict_error in predict
Told by: only a worker opens it, so the host's folder stays empty.
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
