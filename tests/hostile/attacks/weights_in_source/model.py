"""Hand in a table as source code: literals, comments and strings in modules beside the model.

Held: passed
Told by: what it knows is more than numbers in arrays, so its parameters are not verified.
"""

import table

import harness
from kit import centroids, nearest


class Model(harness.Model):
    def fit(self, train, validation):
        assert len(table.NUMBERS) == 5_000
        self.centres = centroids(train)

    def predict(self, inputs):
        return nearest(inputs, self.centres)
