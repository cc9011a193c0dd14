"""Three convolutions and a linear layer."""

from _shared.loops import Classifier, Recipe
from _shared.nets import cnn
from _shared.pictures import channels_first, flip, shift


class Model(Classifier):
    recipe = Recipe(steps=900, epochs=15)
    smoothing = 0.1

    def build(self):
        return cnn(3, len(self.task.classes))

    def prepare(self, inputs):
        return channels_first(inputs)

    def augment(self, batch):
        return shift(flip(flip(batch, 3), 2), 2)
