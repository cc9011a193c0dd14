"""Convolutions over word embeddings that a skip-gram learned from the same texts."""

from _shared.loops import Recipe
from _shared.words import ConvolutionalReader, TextClassifier


class Model(TextClassifier):
    recipe = Recipe(steps=400, batch=32, rate=3e-3)

    def build(self):
        return ConvolutionalReader(self.embedding(), len(self.task.classes))
