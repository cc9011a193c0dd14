"""A U-Net (Ronneberger et al. 2015) of three levels, trained on crops of 128×128."""

import torch
from _shared.loops import Recipe, train
from _shared.pictures import flip
from torch import nn

import harness

SIDE = 128


class Model(harness.Model):
    recipe = Recipe(steps=350, epochs=40, batch=8, rate=4e-3)

    def fit(self, train_part, validation):
        self.net = UNet(16)
        pictures = torch.tensor(train_part.inputs)
        masks = torch.tensor((train_part.targets > 0).astype("float32"))

        def loss(chosen):
            pairs = torch.stack([pictures[chosen], masks[chosen]], dim=1)
            pairs = flip(flip(crops(pairs), 2), 3)
            logits = self.net(normal(pairs[:, :1] * torch.empty(len(pairs), 1, 1, 1).uniform_(0.6, 1.4)))
            return nn.functional.binary_cross_entropy_with_logits(logits, pairs[:, 1:]) + dice(logits, pairs[:, 1:])

        train(self.net, loss, len(train_part), self.recipe, self)

    def predict(self, inputs):
        return torch.sigmoid(self.net(normal(torch.tensor(inputs)[:, None])))[:, 0]


class UNet(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.down = nn.ModuleList([block(1, width), block(width, 2 * width), block(2 * width, 4 * width)])
        self.bottom = block(4 * width, 4 * width)
        self.up = nn.ModuleList([block(8 * width, 2 * width), block(4 * width, width), block(2 * width, width)])
        self.last = nn.Conv2d(width, 1, 1)

    def forward(self, pictures):
        kept, seen = [], pictures
        for layer in self.down:
            kept.append(layer(seen))
            seen = nn.functional.max_pool2d(kept[-1], 2)
        seen = self.bottom(seen)
        for layer, beside in zip(self.up, reversed(kept), strict=True):
            seen = nn.functional.interpolate(seen, scale_factor=2, mode="nearest")
            seen = layer(torch.cat([seen, beside], dim=1))
        return self.last(seen)


def block(before, after):
    layers = []
    for first in (before, after):
        layers += [nn.Conv2d(first, after, 3, padding=1, bias=False), nn.BatchNorm2d(after), nn.ReLU()]
    return nn.Sequential(*layers)


def crops(pairs):
    """Cut the same random square out of the whole batch."""
    top, left = (int(torch.randint(0, side - SIDE + 1, ())) for side in pairs.shape[2:])
    return pairs[:, :, top : top + SIDE, left : left + SIDE]


def normal(pictures):
    """Make dim pictures and bright ones alike: the root brings out what is faint."""
    return pictures.clamp(min=0).sqrt()


def dice(logits, masks):
    """Return one less the soft Dice coefficient (Milletari et al. 2016)."""
    likely = torch.sigmoid(logits)
    return 1 - (2 * (likely * masks).sum() + 1) / (likely.sum() + masks.sum() + 1)
