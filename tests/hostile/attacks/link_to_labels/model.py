"""Hand in a link to the labels, for the host to copy beside the model.

Held: invalid_submission in import
Told by: the record names the link; the labels' digest is nowhere.
"""

import harness


class Model(harness.Model):
    def fit(self, train, validation):
        pass

    def predict(self, inputs):
        pass
