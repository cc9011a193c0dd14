"""The same boxes for every picture: the commonest class at its median size, on a grid."""

import numpy as np

import harness


class Model(harness.Model):
    def fit(self, train, validation):
        boxes = np.concatenate(train.targets)
        label = np.bincount(boxes[:, 4].astype(int)).argmax()
        chosen = boxes[boxes[:, 4] == label]
        width, height = np.median(chosen[:, 2] - chosen[:, 0]), np.median(chosen[:, 3] - chosen[:, 1])
        rows, columns = self.task.input_shape[:2]
        corners = [(x, y) for y in np.arange(0, rows - height, height) for x in np.arange(0, columns - width, width)]
        share = len(chosen) / len(train) / len(corners)
        self.boxes = np.array([[x, y, x + width, y + height, min(share, 1.0), label] for x, y in corners])

    def predict(self, inputs):
        return [self.boxes for _ in inputs]
