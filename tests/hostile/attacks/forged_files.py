"""Send files of an artifact with names that lead out of its folder.

Held: save_error in save
Checked by: no file is created outside the folder of the artifact.
"""

import time

import harness
from kit import TARGETS, header, send


class Model(harness.Model):
    def fit(self, train, validation):
        pass

    def save(self, folder):
        send({"type": "file", "path": f"../../../loot/{TARGETS['name']}"}, header(4, kind=b"u", size=1) + b"mine", 1)
        time.sleep(60)

    def predict(self, inputs):
        pass
