"""A U-Net (Ronneberger et al. 2015) of three levels, trained on crops of 128×128."""

import numpy as np
import torch
from _shared.loops import Recipe, train
from _shared.pictures import brighten, flip
from torch import nn

import harness

SIDE = 128


class Model(harness.Model):
    recipe = Recipe(steps=450, epochs=40, batch=8, rate=4e-3)

    def fit(self, train_part, validation):
        self.net = UNet(16).to(memory_format=torch.channels_last)  # a quarter less time on a CPU
        pictures, masks = normal(train_part.inputs), torch.tensor((train_part.targets > 0).astype("float32"))

        def loss(chosen):
            pairs = torch.stack([pictures[chosen], masks[chosen]], dim=1)
            pairs = flip(flip(crops(pairs), 2), 3)
            return nn.functional.binary_cross_entropy_with_logits(self.net(glow(pairs[:, :1])), pairs[:, 1:])

        train(self.net, loss, len(train_part), self.recipe, self)

    def predict(self, inputs):
        return (self.net(normal(inputs)[:, None])[:, 0] > 0).long()


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
    """Bring each picture's background to 0 and its brightest to 1, some are ten times as dim as others.

    The root brings out what is faint.
    """
    low, high = (np.quantile(pictures, share, axis=(1, 2), keepdims=True) for share in (0.05, 0.999))
    scaled = (pictures - low) / np.maximum(high - low, 0.02)
    return torch.tensor(scaled.clip(0, 1.5) ** 0.5, dtype=torch.float32)


def glow(pictures):
    """Vary the brightness, and lay an uneven glow behind a quarter of the pictures, as some have one."""
    coarse = torch.rand(len(pictures), 1, 3, 3)
    field = nn.functional.interpolate(coarse, size=pictures.shape[2:], mode="bicubic", align_corners=True).clamp(0)
    strength = torch.rand(len(pictures), 1, 1, 1) * 0.6 * (torch.rand(len(pictures), 1, 1, 1) < 0.25)
    return torch.sqrt(brighten(pictures, 0.1) ** 2 + strength * field)
