"""Print a gigabyte's worth of lines on both streams, past Python and into the descriptors.

Held: passed
Told by: the harness neither stops nor keeps it; the record is of ordinary size.
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
