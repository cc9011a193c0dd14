"""Hand in a table as many small data files that are together below the limit for a submission.

Held: passed
Checked by: the hidden data count as knowledge bytes, and the count of parameters is marked as *not verified*.
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
