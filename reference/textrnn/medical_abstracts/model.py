"""A recurrent network over word embeddings that a skip-gram learned from the same texts."""

from _shared.loops import Recipe
from _shared.words import RecurrentReader, TextClassifier


class Model(TextClassifier):
    length = 160  # a word is a step: 256 of them take all the time that there is
    recipe = Recipe(steps=300, batch=32, rate=1e-2)

    def build(self):
        return RecurrentReader(self.embedding(), len(self.task.classes))
