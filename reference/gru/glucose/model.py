"""Gated recurrent units reading two hours of glucose, ten minutes at a time, both ways."""

from _shared.recurrent import Forecaster


class Model(Forecaster):
    cell = "gru"
