"""Save thousands of empty files.

Held: resource_limit in save
Checked by: the record names the maximum number of files.
"""

import harness


class Model(harness.Model):
    def fit(self, train, validation):
        pass

    def save(self, folder):
        for number in range(3_000):
            (folder / str(number)).write_bytes(b"")

    def predict(self, inputs):
        pass
