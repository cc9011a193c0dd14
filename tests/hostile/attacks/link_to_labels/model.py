"""Hand in a symbolic link to the private labels, for the host to copy with the model.

Held: invalid_submission in import
Checked by: the record names the link; the digest of the labels must be in no record.
"""

import harness


class Model(harness.Model):
    def fit(self, train, validation):
        pass

    def predict(self, inputs):
        pass
