"""Print 160 MB of lines on both output streams, by writing to the descriptors directly.

Held: passed or timeout in fit
Checked by: the harness does not wait for ever and does not store the output; the size of the record is normal.
"""

import os

import harness
from kit import centroids, nearest

LINE = b"all work and no play makes jack a dull boy\n" * 25_000


class Model(harness.Model):
    def fit(self, train, validation):
        self.centres = centroids(train)
        for number in range(150):
            os.write(1 + number % 2, LINE)

    def predict(self, inputs):
        print("x" * 100_000)
        return nearest(inputs, self.centres)
