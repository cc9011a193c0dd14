"""Save a named pipe in the artifact; a host that opened it would wait for ever.

Held: save_error in save
Checked by: the record says that it is not a regular file.
"""

import os

import harness


class Model(harness.Model):
    def fit(self, train, validation):
        pass

    def save(self, folder):
        os.mkfifo(folder / "weights.npy")

    def predict(self, inputs):
        pass
