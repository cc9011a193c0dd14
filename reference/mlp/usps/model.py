"""Two hidden layers of 128 and 64, AdamW, one cycle: the course's network."""

import torch
from torch import nn

import harness

EPOCHS = 40
BATCH = 64


class Model(harness.Model):
    def __init__(self):
        self.net = nn.Sequential(
            nn.Flatten(),
            nn.Linear(256, 128),
            nn.ReLU(),
            nn.Dropout(0.2),
            nn.Linear(128, 64),
            nn.ReLU(),
            nn.Dropout(0.2),
            nn.Linear(64, 10),
        )

    def fit(self, train, validation):
        images, labels = torch.tensor(train.inputs), torch.tensor(train.targets)
        steps = EPOCHS * -(-len(train) // BATCH)
        optimiser = torch.optim.AdamW(self.net.parameters(), weight_decay=0.01)
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, max_lr=4e-3, total_steps=steps)
        self.net.train()
        for epoch in range(EPOCHS):
            for chosen in torch.randperm(len(train)).split(BATCH):
                loss = nn.functional.cross_entropy(self.net(images[chosen]), labels[chosen])
                optimiser.zero_grad()
                loss.backward()
                optimiser.step()
                schedule.step()
            self.log(epoch=epoch + 1, epochs=EPOCHS, loss=loss.item())
        self.net.eval()

    def predict(self, inputs):
        return self.net(torch.tensor(inputs))
