"""Save a symbolic link to the private labels, for the host to follow.

Held: save_error in save
Checked by: the record says that it is not a regular file; the digest of the labels must be in no record.
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
