"""Save a pipe, for a trusting host to wait on for ever.

Held: save_error in save
Told by: the record says that it is not a regular file.
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
