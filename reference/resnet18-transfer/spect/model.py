"""ResNet-18 with a start: ImageNet's features if they are there, else those of phantoms."""

from pathlib import Path

from _shared.nets import ResNet18
from _shared.spect import Transfer
from torch import nn
from torchvision.models import resnet18


class Model(Transfer):
    asset = "resnet18-f37072fd.pth"
    folder = Path(__file__).parent

    def small(self):
        return ResNet18(1, len(self.task.classes), width=8)

    def imagenet(self, weights):
        net = resnet18()
        net.load_state_dict(weights)
        net.fc = nn.Identity()
        return net, 512
