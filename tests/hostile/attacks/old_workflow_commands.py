"""Print commands for a CI runner in the old form, which is recognised anywhere in a line.

Held: fit_error in fit
Checked by: no line that the harness prints contains such a command.
"""

import harness


class Model(harness.Model):
    def fit(self, train, validation):
        print("##[error]broken")
        raise RuntimeError("all is well ##[add-mask]passed ##[error]broken")

    def predict(self, inputs):
        pass
