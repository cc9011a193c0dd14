"""Save a sparse file with an apparent size of 1 TiB.

Held: resource_limit in save or out_of_memory in save
Checked by: the record names the limit; nothing of the file is copied to the host.
"""

import harness


class Model(harness.Model):
    def fit(self, train, validation):
        pass

    def save(self, folder):
        with (folder / "weights.npy").open("wb") as file:
            file.truncate(1 << 40)

    def predict(self, inputs):
        pass
