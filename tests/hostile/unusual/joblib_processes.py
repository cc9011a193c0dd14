"""Run a grid search in the processes of joblib.

Held: passed
Known: landlock (locks between processes need shared memory, which two workers could share)
Checked by: it is scored like any other submission.
"""

from joblib import Parallel, delayed
from sklearn.neighbors import KNeighborsClassifier

import harness


def tried(neighbours, train, validation):
    model = KNeighborsClassifier(neighbours).fit(*train)
    return model.score(*validation), neighbours


class Model(harness.Model):
    def fit(self, train, validation):
        parts = (train.inputs, train.targets), (validation.inputs, validation.targets)
        scores = Parallel(n_jobs=2)(delayed(tried)(k, *parts) for k in (1, 5, 15))
        self.model = KNeighborsClassifier(max(scores)[1]).fit(*parts[0])

    def predict(self, inputs):
        return self.model.predict(inputs)
