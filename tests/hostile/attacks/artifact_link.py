"""Save a link to the labels, for a trusting host to follow.

Held: save_error in save
Told by: the record says that it is not a regular file; the labels' digest is nowhere.
"""

import harness
from kit import TARGETS


class Model(harness.Model):
    def fit(self, train, validation):
        pass

    def save(self, folder):
        (folder / "weights.npy").symlink_to(TARGETS["labels"])

    def predict(self, inputs):
        pass
