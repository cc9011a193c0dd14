"""A vision transformer redefined for crops of 50×50: patches of 5×5, four layers; from scratch."""

from _shared.nets import vit
from _shared.spect import SIDE, Staging


class Model(Staging):
    def build(self):
        return vit(SIDE, 5, len(self.task.classes))
