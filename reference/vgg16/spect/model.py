"""VGG-16 redefined for crops of 50×50, from scratch."""

from _shared.nets import vgg16
from _shared.spect import Staging


class Model(Staging):
    def build(self):
        return vgg16(1, len(self.task.classes), width=8)
