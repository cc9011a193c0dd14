"""Hand in a table in a docstring, which explains nothing.

Held: passed
Told by: what it knows is more than numbers in arrays, so its parameters are not verified.
"""

import harness
from kit import centroids, nearest


class Model(harness.Model):
    def fit(self, train, validation):
        """TABLE"""
        self.centres = centroids(train)

    def predict(self, inputs):
        return nearest(inputs, self.centres)
