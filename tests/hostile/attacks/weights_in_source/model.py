"""Hand in a table as source code: literals, comments and strings in modules next to `model.py`.

Held: passed
Checked by: the hidden data count as knowledge bytes, and the count of parameters is marked as *not verified*.
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
