"""The course's network, 256-128-64-10: trained with a little noise on the pixels and smoothed labels."""

import torch
from torch import nn

import harness

EPOCHS = 40
BATCH = 128


class Model(harness.Model):
    def __init__(self):
        self.net = nn.Sequential(
            nn.Flatten(),
            nn.Linear(256, 128),
            nn.ReLU(),
            nn.Dropout(0.1),
            nn.Linear(128, 64),
            nn.ReLU(),
            nn.Dropout(0.1),
            nn.Linear(64, 10),
        )

    def fit(self, train, validation):
        images, labels = torch.tensor(train.inputs), torch.tensor(train.targets)
        steps = EPOCHS * -(-len(train) // BATCH)
        optimiser = torch.optim.AdamW(self.net.parameters(), weight_decay=0.05)
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, max_lr=3e-3, total_steps=steps)
        self.net.train()
        for epoch in range(EPOCHS):
            for chosen in torch.randperm(len(train)).split(BATCH):
                noisy = images[chosen] + 0.1 * torch.randn(len(chosen), 16, 16)
                loss = nn.functional.cross_entropy(self.net(noisy), labels[chosen], label_smoothing=0.05)
                optimiser.zero_grad()
                loss.backward()
                optimiser.step()
                schedule.step()
            self.log(epoch=epoch + 1, epochs=EPOCHS, loss=loss.item())
        self.net.eval()

    def predict(self, inputs):
        return self.net(torch.tensor(inputs))
