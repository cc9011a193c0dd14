"""Save a sparse file that claims all the disk there is.

Held: resource_limit in save or out_of_memory in save
Told by: the record names the limit; nothing of it reaches the host.
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
