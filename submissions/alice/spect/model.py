"""Alice's stages: a small convolutional network on the middle of the slice, averaged with its mirror image."""

import numpy as np
import torch
from torch import nn

import harness

EPOCHS = 40


class Model(harness.Model):
    def __init__(self):
        self.net = nn.Sequential(
            *block(1, 16),
            *block(16, 32),
            *block(32, 48),
            nn.AdaptiveAvgPool2d(1),
            nn.Flatten(),
            nn.Dropout(0.3),
            nn.Linear(48, 3),
        )

    def fit(self, train, validation):
        images = crop(np.concatenate([train.inputs, validation.inputs]))
        stages = torch.tensor(np.concatenate([train.targets, validation.targets]))
        weights = (1 / torch.bincount(stages)) ** 0.5  # few are in stage 3
        steps = EPOCHS * -(-len(images) // 32)
        optimiser = torch.optim.AdamW(self.net.parameters(), weight_decay=0.05)
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, max_lr=3e-3, total_steps=steps)
        self.net.train()
        for epoch in range(EPOCHS):
            for chosen in torch.randperm(len(images)).split(32):
                rows, columns = torch.randint(-2, 3, (2,)).tolist()
                moved = images[chosen].roll((rows, columns), dims=(2, 3))
                moved = moved.flip(2) if torch.rand(()) < 0.5 else moved
                loss = nn.functional.cross_entropy(self.net(moved), stages[chosen], weights, label_smoothing=0.1)
                optimiser.zero_grad()
                loss.backward()
                optimiser.step()
                schedule.step()
            self.log(epoch=epoch + 1, epochs=EPOCHS, loss=loss.item())
        self.net.eval()

    def predict(self, inputs):
        images = crop(inputs)
        return self.net(images).softmax(1) + self.net(images.flip(2)).softmax(1)


def block(before, after):
    return nn.Conv2d(before, after, 3, padding=1), nn.BatchNorm2d(after), nn.ReLU(), nn.MaxPool2d(2)


def crop(images):
    return torch.tensor(images[:, 20:70, 29:79])[:, None] - 1
