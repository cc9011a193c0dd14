"""Alice's digits: two hidden layers, shifted copies to learn from, stopped when validation says so."""

import copy

import torch
from torch import nn

import harness

EPOCHS = 60
PATIENCE = 15


class Model(harness.Model):
    def __init__(self):
        self.net = nn.Sequential(
            nn.Flatten(),
            nn.Linear(256, 192),
            nn.ReLU(),
            nn.Dropout(0.2),
            nn.Linear(192, 64),
            nn.ReLU(),
            nn.Dropout(0.2),
            nn.Linear(64, 10),
        )

    def fit(self, train, validation):
        images, labels = torch.tensor(train.inputs), torch.tensor(train.targets)
        optimiser = torch.optim.AdamW(self.net.parameters(), lr=2e-3, weight_decay=0.05)
        best, best_weights, best_epoch = 0.0, None, 0
        for epoch in range(EPOCHS):
            self.net.train()
            for chosen in torch.randperm(len(images)).split(128):
                rows, columns = torch.randint(-1, 2, (2,)).tolist()
                shifted = images[chosen].roll((rows, columns), dims=(1, 2))
                loss = nn.functional.cross_entropy(self.net(shifted), labels[chosen], label_smoothing=0.05)
                optimiser.zero_grad()
                loss.backward()
                optimiser.step()
            accuracy = self.accuracy(validation)
            self.log(epoch=epoch + 1, epochs=EPOCHS, loss=loss.item(), accuracy=accuracy)
            if accuracy > best:
                best, best_weights, best_epoch = accuracy, copy.deepcopy(self.net.state_dict()), epoch
            if epoch - best_epoch >= PATIENCE:
                break
        self.net.load_state_dict(best_weights)
        self.net.eval()

    def predict(self, inputs):
        return self.net(torch.tensor(inputs))

    @torch.no_grad()
    def accuracy(self, part):
        self.net.eval()
        return (self.predict(part.inputs).argmax(1).numpy() == part.targets).mean()
