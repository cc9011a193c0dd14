"""One linear layer, fitted with the softmax loss and with the SVM loss; validation picks the better."""

import torch
from torch import nn

import harness

EPOCHS = 30
BATCH = 128
LOSSES = {"softmax": nn.CrossEntropyLoss(), "svm": nn.MultiMarginLoss()}


class Model(harness.Model):
    def fit(self, train, validation):
        fitted = {name: self.fit_one(loss, name, train) for name, loss in LOSSES.items()}
        correct = {name: accuracy(layer, validation) for name, layer in fitted.items()}
        self.loss = max(correct, key=correct.get)
        self.layer = fitted[self.loss]

    def fit_one(self, loss, name, train):
        images, labels = torch.tensor(train.inputs).flatten(1), torch.tensor(train.targets)
        layer = nn.Linear(256, 10)
        optimiser = torch.optim.AdamW(layer.parameters(), lr=3e-3, weight_decay=0.01)
        schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, EPOCHS)
        start = EPOCHS * list(LOSSES).index(name)
        for epoch in range(EPOCHS):
            for chosen in torch.randperm(len(images)).split(BATCH):
                value = loss(layer(images[chosen]), labels[chosen])
                optimiser.zero_grad()
                value.backward()
                optimiser.step()
            schedule.step()
            self.log(epoch=start + epoch + 1, epochs=EPOCHS * len(LOSSES), loss=value.item())
        return layer

    def predict(self, inputs):
        return self.layer(torch.tensor(inputs).flatten(1))


@torch.no_grad()
def accuracy(layer, part):
    labels = layer(torch.tensor(part.inputs).flatten(1)).argmax(1)
    return (labels.numpy() == part.targets).mean()
