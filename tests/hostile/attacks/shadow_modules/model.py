"""Include modules with the names of those that the harness and Python themselves import.

Held: passed
Checked by: none of the modules is imported; a module that was would be reported in the record.
"""

import sys

import harness
from kit import centroids, nearest


class Model(harness.Model):
    def fit(self, train, validation):
        self.centres = centroids(train)
        shadows = ("sitecustomize", "usercustomize", "harness", "msgspec", "safetensors", "numpy", "struct", "pickle")
        for name in shadows:
            if getattr(sys.modules.get(name), "SHADOW", False):
                raise RuntimeError(f"ESCAPED: {name} is mine")

    def predict(self, inputs):
        return nearest(inputs, self.centres)
