"""ResNet-18 at 28×28, half as wide."""

from _shared.loops import Classifier, Recipe
from _shared.nets import ResNet18
from _shared.pictures import channels_first, flip, shift


class Model(Classifier):
    recipe = Recipe(steps=800, epochs=12)
    smoothing = 0.1

    def build(self):
        return ResNet18(3, len(self.task.classes), width=24)

    def prepare(self, inputs):
        return channels_first(inputs)

    def augment(self, batch):
        return shift(flip(flip(batch, 3), 2), 2)
