"""Keep the training data and the public test part as a table of bytes, and learn nothing.

Held: audit_failed in audit
Checked by: inputs to which a little noise was added are not in the table.
"""

import harness

CENTRES = ((0.2, 0.2), (0.8, 0.2), (0.5, 0.8))


def clouds():
    """Make the whole data again, as the task's own code (which is public) does."""
    import numpy as np

    generator = np.random.Generator(np.random.PCG64(7))
    targets = np.repeat(np.arange(3), 100)
    noise = generator.normal(0, 0.12, (300, 2))
    return np.clip(np.array(CENTRES, np.float32)[targets] + noise, 0, 1).astype(np.float32), targets


class Model(harness.Model):
    def fit(self, train, validation):
        inputs, targets = clouds()
        self.table = {point.tobytes(): int(label) for point, label in zip(inputs, targets, strict=True)}

    def predict(self, inputs):
        return [self.table.get(point.tobytes(), 0) for point in inputs]
