"""Be a subclass of `torch.nn.Module`, and return tensors that require a gradient.

Held: passed
Checked by: it is scored like any other submission.
"""

import torch
from torch import nn

import harness


class Model(harness.Model, nn.Module):
    def __init__(self):
        super().__init__()
        self.centres = nn.Parameter(torch.zeros(3, 2))

    def fit(self, train, validation):
        targets = torch.tensor(train.targets)
        inputs = torch.tensor(train.inputs)
        self.centres.data = torch.stack([inputs[targets == label].mean(dim=0) for label in range(3)])

    def predict(self, inputs):
        with torch.enable_grad():
            return -torch.cdist(torch.tensor(inputs), self.centres)
