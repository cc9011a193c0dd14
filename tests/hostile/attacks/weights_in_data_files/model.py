"""Hand in a table as data files, each small, and all together within what may be shipped.

Held: passed
Told by: what it knows is more than numbers in arrays, so its parameters are not verified.
"""

from pathlib import Path

import harness
from kit import centroids, nearest


class Model(harness.Model):
    def fit(self, train, validation):
        assert len(list(Path(__file__).parent.glob("tables/*"))) == 16
        self.centres = centroids(train)

    def predict(self, inputs):
        return nearest(inputs, self.centres)
