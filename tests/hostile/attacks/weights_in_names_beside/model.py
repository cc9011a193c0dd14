"""Hand in a table in the names of empty files beside the model.

Held: passed
Told by: what it knows is more than numbers in arrays, so its parameters are not verified.
"""

import harness
from kit import centroids, nearest


class Model(harness.Model):
    def fit(self, train, validation):
        self.centres = centroids(train)

    def predict(self, inputs):
        return nearest(inputs, self.centres)
