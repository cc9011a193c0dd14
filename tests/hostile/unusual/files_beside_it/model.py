"""Read a settings file and a table in its own folder, and import its own package with relative imports.

Held: passed
Checked by: it is scored like any other submission.
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
