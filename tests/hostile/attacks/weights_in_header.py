"""Keep a table in the whitespace of the header of a file of arrays, which libraries ignore.

Held: passed
Checked by: the hidden data count as knowledge bytes, and the count of parameters is marked as *not verified*.
"""

import os

from safetensors.numpy import load_file

import harness
from kit import centroids, nearest


class Model(harness.Model):
    def fit(self, train, validation):
        self.centres = centroids(train).astype("float32")

    def save(self, folder):
        blanks = "".join(" \t\n\r"[byte >> shift & 3] for byte in os.urandom(20_000) for shift in (0, 2, 4, 6))
        header = f'{{"centres":{blanks}{{"dtype":"F32","shape":[3,2],"data_offsets":[0,24]}}}}'.encode()
        content = len(header).to_bytes(8, "little") + header + self.centres.tobytes()
        (folder / "model.safetensors").write_bytes(content)

    def load(self, folder):
        self.centres = load_file(folder / "model.safetensors")["centres"]

    def predict(self, inputs):
        return nearest(inputs, self.centres)
