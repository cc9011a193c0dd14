"""Recurrent networks over signals."""

import torch
from _shared.loops import Classifier, Recipe, train
from _shared.plain import both
from torch import nn

import harness

CELLS = {"rnn": nn.RNN, "gru": nn.GRU, "lstm": nn.LSTM}


class Recurrent(nn.Module):
    """Read a signal in frames of `frame` samples both ways; answer from the mean and the peak of the states."""

    def __init__(self, cell: str, frame: int, width: int, outputs: int, dropout: float = 0.0):
        super().__init__()
        self.frame = frame
        self.cell = CELLS[cell](frame, width, batch_first=True, bidirectional=True)
        self.head = nn.Sequential(nn.Dropout(dropout), nn.Linear(4 * width, outputs))

    def forward(self, signals):  # (N, length)
        frames = signals.unfold(1, self.frame, self.frame)
        states, _ = self.cell(frames)
        return self.head(torch.cat([states.mean(dim=1), states.amax(dim=1)], dim=1))


class BeatClassifier(Classifier):
    """A recurrent classifier of beats; `cell` names its kind."""

    cell: str
    frame = 4
    width = 48
    recipe = Recipe(steps=300, batch=32, rate=5e-3)

    def build(self):
        return Recurrent(self.cell, self.frame, self.width, len(self.task.classes), dropout=0.3)

    def fit(self, train, validation):
        super().fit(both(train, validation), validation)

    def augment(self, batch):
        """Stretch in height, move by a few samples, add noise."""
        scale = 1 + 0.1 * torch.randn(len(batch), 1)
        shift = int(torch.randint(-3, 4, ()))
        return scale * batch.roll(shift, dims=1) + 0.1 * torch.randn_like(batch)


class Forecaster(harness.Model):
    """A recurrent forecaster: it answers how far the signal will move from its last value, in hundreds."""

    cell: str
    width = 32
    recipe = Recipe(steps=400, batch=64, rate=5e-3)

    def fit(self, train_part, validation):
        self.net = Recurrent(self.cell, 2, self.width, self.task.horizon)
        everything = both(train_part, validation)
        inputs, targets = torch.tensor(everything.inputs), torch.tensor(everything.targets)
        moves = (targets - inputs[:, -1:]) / SCALE

        def loss(chosen):
            return nn.functional.l1_loss(self.net(standard(inputs[chosen])), moves[chosen])

        train(self.net, loss, len(inputs), self.recipe, self)

    def predict(self, inputs):
        inputs = torch.tensor(inputs)
        return inputs[:, -1:] + SCALE * self.net(standard(inputs))


SCALE = 100.0


def standard(windows):
    """Return windows counted from their last value, with that value itself in front, all of the order of 1."""
    last = windows[:, -1:]
    return torch.cat([(last - 150) / SCALE, torch.zeros_like(last), (windows - last) / SCALE], dim=1)
