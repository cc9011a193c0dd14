"""ResNet-18 redefined for crops of 50×50, from scratch."""

from _shared.nets import ResNet18
from _shared.spect import Staging


class Model(Staging):
    def build(self):
        return ResNet18(1, len(self.task.classes), width=8)
