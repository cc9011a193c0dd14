"""What the references on SPECT have in common: the middle of the slice, how it may vary, and where to begin."""

from pathlib import Path

import torch
from _shared.loops import Classifier, Recipe
from _shared.pictures import brighten, centre, channels_first, flip, shift
from safetensors.torch import load_file
from torch import Tensor, nn

SIDE = 50
"""Pixels of 2 mm in which the striatum lies, whoever lies in the scanner."""


class Staging(Classifier):
    """From scratch: the crop, mirrored (either side may be the worse), moved and rescaled; rare stages count more."""

    recipe = Recipe(steps=300, epochs=30, batch=32, rate=2e-3)
    smoothing = 0.05
    imbalance = 0.5

    def prepare(self, inputs):
        return centre(channels_first(inputs), SIDE) - 1  # the unspecific uptake is nought

    def augment(self, batch):
        return brighten(shift(flip(batch, 2), 2), 0.05)


class Transfer(Staging):
    """With a start: ImageNet's weights where the task's asset is there, else those learned on other phantoms.

    The big network is kept as it is, and a linear layer learns on what it sees; the small one learns on.
    """

    asset: str
    folder: Path
    """Where the shipped weights are."""
    seen_side = 96
    """Pixels a side to which crops are brought for ImageNet's network."""

    def small(self) -> nn.Module:
        """Return the small network, as the pretrained weights have it."""
        raise NotImplementedError

    def imagenet(self, weights: dict[str, Tensor]) -> tuple[nn.Module, int]:
        """Return ImageNet's network without its last layer, and how many features it gives."""
        raise NotImplementedError

    def fit(self, train_part, validation):
        path = self.task.assets.get(self.asset)
        self.backbone, self.features = None, 0
        if path is not None:
            backbone, self.features = self.imagenet(torch.load(path, weights_only=True))
            self.backbone = backbone.eval().requires_grad_(False)
        super().fit(train_part, validation)

    def build(self):
        classes = len(self.task.classes)
        if self.backbone is not None:
            return nn.Sequential(nn.LayerNorm(self.features), nn.Linear(self.features, classes))
        net = self.small()
        begin = {name: tensor.float() for name, tensor in load_file(self.folder / "pretrained.bin").items()}
        net.load_state_dict(begin, strict=False)  # without the last layer, which told patients from controls
        return net

    def prepare(self, inputs):
        crops = super().prepare(inputs)
        if self.backbone is None:
            return crops
        large = nn.functional.interpolate(crops, size=self.seen_side, mode="bilinear").expand(-1, 3, -1, -1)
        with torch.no_grad():
            return torch.cat([self.backbone(some) for some in large.split(16)])

    def augment(self, batch):
        return super().augment(batch) if self.backbone is None else batch
