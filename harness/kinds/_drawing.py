"""The drawing of one item, with its input, its target and a model's answer, for a terminal or a page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True)
class DrawnLine:
    """A signal, or a part of one; `begin` is its position on the time axis."""

    role: str
    """``input``, ``truth`` or ``answer``."""
    values: Any
    begin: int = 0


@dataclass(frozen=True)
class DrawnBox:
    """A box over an image, in pixels."""

    role: str
    """``truth`` or ``answer``."""
    corners: tuple[float, float, float, float]
    name: str


@dataclass(frozen=True, kw_only=True, eq=False)
class ItemDrawing:
    """One item as an image with masks or boxes, as signals, or as a text, with the target and the answer in words."""

    image: Any = None
    """(H, W) or (H, W, 3) values in [0, 1]."""
    lines: tuple[DrawnLine, ...] = ()
    text: str | None = None
    word_weights: tuple[float, ...] = ()
    """The weights of the first words of the text in the answer; see `first_words`."""
    boxes: tuple[DrawnBox, ...] = ()
    truth_mask: Any = None
    """(H, W) bool: the pixels that are not background in the target."""
    answer_mask: Any = None
    """(H, W) bool: the same for the answer."""
    truth: str = ""
    """The target in words."""
    answer: str = ""
    """The answer in words."""


def draw_input(item: Any) -> ItemDrawing:
    """Return the drawing of an input alone: a text, a signal, an image, or the middle slice of a volume."""
    import numpy as np

    if isinstance(item, str):
        return ItemDrawing(text=item)
    array = np.asarray(item)
    if array.ndim <= 1:
        return ItemDrawing(lines=(DrawnLine("input", array.reshape(-1).astype(np.float64)),))
    return ItemDrawing(image=_between_0_and_1(_flat_image(array)))


def _flat_image(array: NDArray[Any]) -> NDArray[Any]:
    """Return (H, W) or (H, W, 3): channels last, other numbers of channels in grey, a volume as its middle slice."""
    while array.ndim > 3:
        array = array[len(array) // 2]
    if array.ndim == 2:
        return array
    if array.shape[0] in (1, 3) and array.shape[2] not in (1, 3):
        array = array.transpose(1, 2, 0)
    height, width, channels = array.shape
    if channels == 3:
        return array
    if channels == 1:
        return array[:, :, 0]
    grey: NDArray[Any] = array.mean(axis=2) if channels < min(height, width) else array[height // 2]
    return grey


def _between_0_and_1(array: NDArray[Any]) -> NDArray[Any]:
    import numpy as np

    values: NDArray[Any] = array.astype(np.float64)
    low, high = float(values.min(initial=0)), float(values.max(initial=0))
    if low >= 0 and high <= 1:
        return values
    if array.dtype == np.uint8:
        return values / 255
    scaled: NDArray[Any] = (values - low) / ((high - low) or 1)
    return scaled


def named(classes: Sequence[str], label: Any) -> str:
    """Return the name of a class."""
    return classes[int(label)] if 0 <= int(label) < len(classes) else str(label)
