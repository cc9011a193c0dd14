"""Pictures of blood and the boxes in them, as detectors take them."""

import torch
from torch import Tensor


def tensors(split) -> tuple[Tensor, list[Tensor]]:
    """Return (N, 3, H, W) in [0, 1] and one (k, 5) float tensor of boxes an image."""
    return pictures(split.inputs), [torch.tensor(boxes, dtype=torch.float32) for boxes in split.targets]


def pictures(inputs) -> Tensor:
    """Return (N, 3, H, W) in [0, 1] of (N, H, W, 3) bytes."""
    return torch.tensor(inputs).permute(0, 3, 1, 2).float() / 255


def flipped(batch: Tensor, boxes: list[Tensor]) -> tuple[Tensor, list[Tensor]]:
    """Mirror a whole batch and its boxes along one axis, both, or neither; change its brightness a little."""
    for axis, low in ((2, 1), (3, 0)):
        if torch.rand(()) < 0.5:
            boxes = [mirrored(one, low, batch.shape[axis]) for one in boxes]
            batch = batch.flip(axis)
    return batch * torch.empty(len(batch), 3, 1, 1).uniform_(0.9, 1.1), boxes


def mirrored(boxes: Tensor, low: int, side: int) -> Tensor:
    """Mirror boxes whose lower coordinate along the axis is column `low`."""
    turned = boxes.clone()
    turned[:, low], turned[:, low + 2] = side - boxes[:, low + 2], side - boxes[:, low]
    return turned
