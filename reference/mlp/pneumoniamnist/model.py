"""Two hidden layers on the pixels."""

import math

from _shared.loops import Classifier, Recipe
from _shared.nets import mlp


class Model(Classifier):
    recipe = Recipe(steps=1500, epochs=30, batch=128)
    smoothing = 0.05

    def build(self):
        return mlp(math.prod(self.task.input_shape), (256, 128), len(self.task.classes))
