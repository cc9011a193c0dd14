"""Softmax regression on the pixels."""

import math

from _shared.loops import Classifier, Recipe
from torch import nn


class Model(Classifier):
    recipe = Recipe(steps=1500, epochs=30, batch=128, rate=3e-3, weight_decay=0.1)

    def build(self):
        return nn.Sequential(nn.Flatten(), nn.Linear(math.prod(self.task.input_shape), len(self.task.classes)))
