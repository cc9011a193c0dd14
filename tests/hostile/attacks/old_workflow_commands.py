"""Print a CI runner's commands in the old form, which counts anywhere in a line.

Held: fit_error in fit
Told by: no line that the harness prints holds one.
"""

import harness


class Model(harness.Model):
    def fit(self, train, validation):
        print("##[error]broken")
        raise RuntimeError("all is well ##[add-mask]passed ##[error]broken")

    def predict(self, inputs):
        pass
