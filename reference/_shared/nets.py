"""Networks for small pictures; named like torchvision's, so that its weights fit where the widths do."""

import torch
from torch import Tensor, nn
from torchvision.models import VisionTransformer
from torchvision.models.resnet import BasicBlock
from torchvision.models.vgg import cfgs, make_layers


def mlp(inputs: int, hidden: tuple[int, ...], classes: int, dropout: float = 0.2) -> nn.Module:
    """Return fully connected layers with ReLU and dropout between."""
    layers: list[nn.Module] = [nn.Flatten()]
    for before, after in zip((inputs, *hidden), hidden, strict=False):
        layers += [nn.Linear(before, after), nn.ReLU(), nn.Dropout(dropout)]
    return nn.Sequential(*layers, nn.Linear((inputs, *hidden)[-1], classes))


def cnn(channels: int, classes: int, width: int = 16) -> nn.Module:
    """Return three convolutions, each halving the picture, and a linear layer on their mean."""
    layers: list[nn.Module] = []
    for before, after in ((channels, width), (width, 2 * width), (2 * width, 4 * width)):
        layers += [nn.Conv2d(before, after, 3, padding=1), nn.BatchNorm2d(after), nn.ReLU(), nn.MaxPool2d(2)]
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Dropout(0.2), nn.Linear(4 * width, classes))


class ResNet18(nn.Module):
    """He et al. 2016, redefined for small pictures: a 3×3 stem of stride 2 and no pooling, `width` instead of 64."""

    def __init__(self, channels: int, classes: int, width: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels, width, 3, stride=2, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.layer1 = stage(width, width, 1)
        self.layer2 = stage(width, 2 * width, 2)
        self.layer3 = stage(2 * width, 4 * width, 2)
        self.layer4 = stage(4 * width, 8 * width, 2)
        self.fc = nn.Linear(8 * width, classes)

    def forward(self, pictures: Tensor) -> Tensor:
        seen = torch.relu(self.bn1(self.conv1(pictures)))
        for layer in (self.layer1, self.layer2, self.layer3, self.layer4):
            seen = layer(seen)
        return self.fc(seen.mean(dim=(2, 3)))


def stage(before: int, after: int, stride: int) -> nn.Module:
    """Return two basic blocks, the first of them with `stride`."""
    change = None
    if stride != 1 or before != after:
        change = nn.Sequential(nn.Conv2d(before, after, 1, stride, bias=False), nn.BatchNorm2d(after))
    return nn.Sequential(BasicBlock(before, after, stride, change), BasicBlock(after, after))


def vgg16(channels: int, classes: int, width: int) -> nn.Module:
    """Return VGG-16 (Simonyan & Zisserman 2015), redefined: `width` instead of 64, batch norm, one linear layer."""
    layers = make_layers([size if size == "M" else size * width // 64 for size in cfgs["D"]], batch_norm=True)
    layers[0] = nn.Conv2d(channels, width, 3, padding=1)
    return nn.Sequential(layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Dropout(0.3), nn.Linear(8 * width, classes))


def vit(side: int, patch: int, classes: int, width: int = 64, layers: int = 4) -> nn.Module:
    """Return a vision transformer (Dosovitskiy et al. 2021) for grey pictures, redefined: few layers, small patches."""
    net = VisionTransformer(side, patch, layers, 4, width, 2 * width, dropout=0.1, num_classes=classes)
    net.conv_proj = nn.Conv2d(1, width, patch, patch)
    return net
