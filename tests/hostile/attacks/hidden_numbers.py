"""Keep the training set where numbers are not counted: lists, bytes, text, closures.

Held: resource_limit in weigh
Told by: what the host cannot read as arrays counts by its bytes, and they are too many.
"""

import harness
from kit import centroids, nearest


class Model(harness.Model):
    def fit(self, train, validation):
        self.centres = centroids(train)
        self.text = [repr(number) for number in train.inputs.ravel().tolist()] * 100
        self.bytes = train.inputs.tobytes() * 500

    def predict(self, inputs):
        return nearest(inputs, self.centres)
