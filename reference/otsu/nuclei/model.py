"""Otsu's threshold (1979, IEEE Trans. SMC 9:62), picture by picture: nothing is learned."""

import numpy as np

import harness


class Model(harness.Model):
    def fit(self, train, validation):
        pass

    def predict(self, inputs):
        return np.stack([image > threshold(image) for image in inputs]).astype(np.int64)


def threshold(image):
    """Return the grey that parts the histogram into two classes of greatest variance between them."""
    counts, edges = np.histogram(image, bins=256)
    middles = (edges[:-1] + edges[1:]) / 2
    below = counts.cumsum()
    above = below[-1] - below
    sums = (counts * middles).cumsum()
    with np.errstate(invalid="ignore", divide="ignore"):
        between = below * above * (sums / below - (sums[-1] - sums) / above) ** 2
    return edges[1:][np.nan_to_num(between).argmax()]
