"""A small one-stage detector: objects as points (Zhou et al. 2019), on a map of a quarter of the picture's side."""

import torch
from _shared.loops import Recipe, train
from _shared.smears import flipped, pictures, tensors
from torch import nn

import harness

STRIDE = 4
MOST, FAINTEST = 60, 0.05


class Model(harness.Model):
    recipe = Recipe(steps=350, epochs=50, batch=8, rate=4e-3, clip=5.0)

    def fit(self, train_part, validation):
        classes = len(self.task.classes)
        self.net = Detector(classes)
        images, boxes = tensors(train_part)

        def loss(chosen):
            batch, wanted = flipped(images[chosen], [boxes[item] for item in chosen.tolist()])
            return losses(self.net(batch), wanted, classes)

        train(self.net, loss, len(images), self.recipe, self)

    def predict(self, inputs):
        return [boxes_of(one, len(self.task.classes)) for one in self.net(pictures(inputs))]


class Detector(nn.Module):
    """Per cell of the map: how much each class is here, half the size, and where in the cell the middle lies."""

    def __init__(self, classes):
        super().__init__()
        self.fine = nn.Sequential(block(3, 16, 2), block(16, 32, 2), block(32, 32))
        self.middle = nn.Sequential(block(32, 64, 2), block(64, 64))
        self.coarse = nn.Sequential(block(64, 96, 2), block(96, 96), block(96, 64))
        self.join = nn.ModuleList([block(128, 32), block(64, 32)])
        self.head = nn.Conv2d(32, classes + 4, 1)
        nn.init.constant_(self.head.bias[:classes], -3.0)  # objects are rare

    def forward(self, batch):
        fine = self.fine(batch - 0.75)
        middle = self.middle(fine)
        seen = self.join[0](torch.cat([grown(self.coarse(middle), middle), middle], dim=1))
        return self.head(self.join[1](torch.cat([grown(seen, fine), fine], dim=1)))


def block(before, after, stride=1):
    return nn.Sequential(nn.Conv2d(before, after, 3, stride, padding=1, bias=False), nn.BatchNorm2d(after), nn.ReLU())


def grown(seen, like):
    return nn.functional.interpolate(seen, size=like.shape[2:], mode="nearest")


def losses(output, wanted, classes):
    """Return focal loss on the heat map (Law & Deng 2018), and L1 on size and offset at the middles."""
    heat = torch.zeros_like(output[:, :classes])
    places, values = [], []
    for image, boxes in enumerate(wanted):
        centres = (boxes[:, :2] + boxes[:, 2:4]) / 2 / STRIDE
        halves = (boxes[:, 2:4] - boxes[:, :2]) / 2 / STRIDE
        cells = centres.long()
        cells[:, 0].clamp_(0, heat.shape[3] - 1)
        cells[:, 1].clamp_(0, heat.shape[2] - 1)
        for label, centre, half in zip(boxes[:, 4].long(), cells, halves, strict=True):
            heat[image, label] = torch.maximum(heat[image, label], bump(heat.shape[2:], centre, half))
        places.append(torch.cat([torch.full((len(cells), 1), image), cells], dim=1))
        values.append(torch.cat([halves.log(), centres - cells], dim=1))
    at, value = torch.cat(places), torch.cat(values)
    found = output[at[:, 0], classes:, at[:, 2], at[:, 1]]
    likely = torch.sigmoid(output[:, :classes]).clamp(1e-4, 1 - 1e-4)
    hit = heat == 1
    right = -((1 - likely) ** 2 * likely.log())[hit].sum()
    wrong = -((1 - heat) ** 4 * likely**2 * (1 - likely).log())[~hit].sum()
    return (right + wrong + (found - value).abs().sum()) / max(len(at), 1)


def bump(shape, centre, half):
    """Return a Gaussian of height 1 at the cell `centre`, a third of the object's half size wide."""
    rows = torch.arange(shape[0])[:, None] - centre[1]
    columns = torch.arange(shape[1])[None] - centre[0]
    wide, high = (half / 3).clamp(min=0.6)
    return torch.exp(-((columns / wide) ** 2 + (rows / high) ** 2) / 2)


def boxes_of(output, classes):
    """Return the (k, 6) boxes of one picture: the peaks of the heat map, strongest first."""
    heat = torch.sigmoid(output[:classes])
    peaks = heat * (nn.functional.max_pool2d(heat[None], 5, 1, 2)[0] == heat)
    scores, places = peaks.flatten().topk(MOST)
    scores, places = scores[scores > FAINTEST], places[scores > FAINTEST]
    labels, cells = places // heat[0].numel(), places % heat[0].numel()
    rows, columns = cells // heat.shape[2], cells % heat.shape[2]
    halves = output[classes : classes + 2, rows, columns].exp()
    middles = torch.stack([columns, rows]) + output[classes + 2 :, rows, columns]
    corners = torch.cat([middles - halves, middles + halves]) * STRIDE
    return torch.cat([corners, scores[None], labels[None]]).T
