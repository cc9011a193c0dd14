"""A vision transformer with a start: ImageNet's ViT-B/16 where it is there, else a small one that knows phantoms."""

from pathlib import Path

from _shared.nets import vit
from _shared.spect import SIDE, Transfer
from torch import nn
from torchvision.models import vit_b_16
from torchvision.models.vision_transformer import interpolate_embeddings


class Model(Transfer):
    asset = "vit_b_16-c867db91.pth"
    folder = Path(__file__).parent

    def small(self):
        return vit(SIDE, 10, len(self.task.classes))

    def imagenet(self, weights):
        net = vit_b_16(image_size=self.seen_side)
        net.load_state_dict(interpolate_embeddings(self.seen_side, 16, weights))
        net.heads = nn.Identity()
        return net, 768
