"""Hand in weights as a pickle that runs a command when it is opened.

Held: load_error in load or predict_error in predict
Checked by: only a worker opens it, so the command creates no file on the host.
"""

import pickle

import harness


class Model(harness.Model):
    def fit(self, train, validation):
        pass

    def load(self, folder):
        pickle.loads((folder / "weights.pt").read_bytes())

    def predict(self, inputs):
        raise RuntimeError("the command was run where it does no harm")
