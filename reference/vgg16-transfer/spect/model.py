"""VGG-16 with a start: ImageNet's features if they are there, else those of phantoms."""

from pathlib import Path

from _shared.nets import vgg16
from _shared.spect import Transfer
from torch import nn
from torchvision.models import vgg16 as large_vgg16


class Model(Transfer):
    asset = "vgg16-397923af.pth"
    folder = Path(__file__).parent

    def small(self):
        return vgg16(1, len(self.task.classes), width=8)

    def imagenet(self, weights):
        net = large_vgg16()
        net.load_state_dict(weights)
        return nn.Sequential(net.features, nn.AdaptiveAvgPool2d(1), nn.Flatten()), 512
