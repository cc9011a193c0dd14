"""Pictures as networks take them, and how they may vary."""

import numpy as np
import torch
from torch import Tensor


def channels_first(pictures: np.ndarray) -> Tensor:
    """Return (N, C, H, W) of grey (N, H, W) or coloured (N, H, W, C) pictures."""
    tensor = torch.tensor(pictures)
    return tensor[:, None] if tensor.ndim == 3 else tensor.permute(0, 3, 1, 2).contiguous()


def centre(pictures: Tensor, side: int) -> Tensor:
    """Cut the middle `side` × `side` out of (N, C, H, W)."""
    top, left = (pictures.shape[2] - side) // 2, (pictures.shape[3] - side) // 2
    return pictures[:, :, top : top + side, left : left + side]


def flip(pictures: Tensor, axis: int) -> Tensor:
    """Mirror half of the pictures along `axis`."""
    chosen = (torch.rand(len(pictures)) < 0.5)[:, None, None, None]
    return torch.where(chosen, pictures.flip(axis), pictures)


def shift(pictures: Tensor, most: int) -> Tensor:
    """Move a whole batch by up to `most` pixels each way; what leaves on one side comes back on the other."""
    rows, columns = torch.randint(-most, most + 1, (2,)).tolist()
    return pictures.roll((rows, columns), dims=(2, 3))


def brighten(pictures: Tensor, spread: float) -> Tensor:
    """Multiply each picture by a factor around 1."""
    return pictures * (1 + spread * torch.randn(len(pictures), 1, 1, 1))
