"""Long short-term memory reading the beat four samples at a time, both ways."""

from _shared.loops import Recipe
from _shared.recurrent import BeatClassifier


class Model(BeatClassifier):
    cell = "lstm"
    recipe = Recipe(steps=900, batch=32, rate=5e-3)  # with 300, which do for ecg200, less of validation is right
