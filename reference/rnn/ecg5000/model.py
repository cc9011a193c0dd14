"""An Elman network reading the beat four samples at a time, both ways."""

from _shared.recurrent import BeatClassifier


class Model(BeatClassifier):
    cell = "rnn"
