"""Train a PyTorch network with the worker processes of a `DataLoader`.

Held: passed
Known: landlock (locks between processes need shared memory, which two workers could share)
Checked by: it is scored like any other submission.
"""

import torch
from torch.utils.data import DataLoader, TensorDataset

import harness


class Model(harness.Model):
    def __init__(self):
        self.net = torch.nn.Linear(2, 3)

    def fit(self, train, validation):
        data = TensorDataset(torch.tensor(train.inputs), torch.tensor(train.targets))
        optimiser = torch.optim.SGD(self.net.parameters(), lr=0.5, momentum=0.9)
        for _ in range(8):
            for inputs, targets in DataLoader(data, batch_size=16, shuffle=True, num_workers=2):
                optimiser.zero_grad()
                torch.nn.functional.cross_entropy(self.net(4 * inputs - 2), targets).backward()
                optimiser.step()

    def predict(self, inputs):
        return self.net(4 * torch.tensor(inputs) - 2)
