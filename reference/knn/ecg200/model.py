"""The nearest neighbour by Euclidean distance, which the UCR archive publishes for each of its sets."""

from _shared.plain import NearestNeighbour


class Model(NearestNeighbour):
    pass
