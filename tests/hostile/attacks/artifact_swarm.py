"""Save more files than anybody wants to count.

Held: resource_limit in save
Told by: the record says how many may be written.
"""

import harness


class Model(harness.Model):
    def fit(self, train, validation):
        pass

    def save(self, folder):
        for number in range(3_000):
            (folder / str(number)).touch()

    def predict(self, inputs):
        pass
