"""Alice's heart beats: a GRU that reads the beat, stopped when validation says so."""

import copy

import torch
from torch import nn

import harness

EPOCHS = 60
PATIENCE = 20


class Model(harness.Model):
    def __init__(self):
        self.gru = nn.GRU(6, 32, batch_first=True)
        self.head = nn.Linear(32, 2)

    def fit(self, train, validation):
        beats, labels = torch.tensor(train.inputs), torch.tensor(train.targets)
        weights = [*self.gru.parameters(), *self.head.parameters()]
        optimiser = torch.optim.Adam(weights, lr=5e-3)
        best, best_state, best_epoch = -1.0, None, 0
        for epoch in range(EPOCHS):
            for chosen in torch.randperm(len(beats)).split(16):
                noisy = beats[chosen] + 0.1 * torch.randn(len(chosen), beats.shape[1])
                loss = nn.functional.cross_entropy(self.forward(noisy), labels[chosen])
                optimiser.zero_grad()
                loss.backward()
                optimiser.step()
            with torch.no_grad():
                right = (self.predict(validation.inputs).argmax(1).numpy() == validation.targets).mean()
            self.log(epoch=epoch + 1, epochs=EPOCHS, loss=loss.item(), accuracy=right)
            if right > best:
                best, best_epoch = right, epoch
                best_state = copy.deepcopy((self.gru.state_dict(), self.head.state_dict()))
            if epoch - best_epoch >= PATIENCE:
                break
        self.gru.load_state_dict(best_state[0])
        self.head.load_state_dict(best_state[1])

    def predict(self, inputs):
        return self.forward(torch.tensor(inputs))

    def forward(self, beats):
        states, _ = self.gru(beats.reshape(len(beats), 16, 6))  # six samples at a time
        return self.head(states.mean(dim=1))
