"""Alice's heart beats: a support vector machine; validation picks how hard it tries."""

from sklearn.svm import SVC

import harness

STRENGTHS = (0.3, 1, 3, 10, 30)


class Model(harness.Model):
    def fit(self, train, validation):
        best = -1.0
        for step, strength in enumerate(STRENGTHS, start=1):
            machine = SVC(C=strength).fit(train.inputs, train.targets)
            accuracy = machine.score(validation.inputs, validation.targets)
            self.log(step=step, steps=len(STRENGTHS), accuracy=accuracy)
            if accuracy > best:
                best, self.machine = accuracy, machine

    def predict(self, inputs):
        return self.machine.predict(inputs)
