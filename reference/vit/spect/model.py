"""A vision transformer redefined for crops of 50×50: patches of 10×10, four layers; from scratch."""

from _shared.nets import vit
from _shared.spect import SIDE, Staging


class Model(Staging):
    def build(self):
        return vit(SIDE, 10, len(self.task.classes))
