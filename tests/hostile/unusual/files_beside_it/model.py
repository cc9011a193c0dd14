"""Read settings and a table that lie beside it, and import a package of its own with relative imports.

Held: passed
Told by: it is scored like any other.
"""

import json
from pathlib import Path

from mine import centroids

import harness

HERE = Path(__file__).parent
SETTINGS = json.loads((HERE / "settings.json").read_text())


class Model(harness.Model):
    def fit(self, train, validation):
        assert (HERE / "tables" / "classes.csv").read_text().split() == list(self.task.classes)
        self.centres = centroids.of(train, SETTINGS["classes"])

    def predict(self, inputs):
        return centroids.nearest(inputs, self.centres)
