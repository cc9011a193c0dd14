"""The parts of a task's data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from harness.errors import TaskError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Split:
    """Inputs and targets of one part of the data.

    `inputs` is an array (N, ...) or a list of N texts. `targets` are int64 labels (N,) for classification,
    int64 of 0 and 1 (N, C) for multilabel, floats (N,) for regression, integer masks (N, H, W) for segmentation,
    N float arrays (k, 5) for detection (x1, y1, x2, y2, class), floats (N, horizon) for forecasting.
    """

    inputs: Any
    targets: Any

    def __post_init__(self) -> None:
        if len(self.inputs) != len(self.targets):
            raise TaskError(f"a split has {len(self.inputs)} inputs but {len(self.targets)} targets")

    def __len__(self) -> int:
        return len(self.inputs)

    def take(self, indices: Sequence[int] | NDArray[np.intp]) -> Split:
        """Return the items at `indices`, in that order."""
        return Split(take_items(self.inputs, indices), take_items(self.targets, indices))

    def hold_out(self, fraction: float, seed: int) -> tuple[Split, Split]:
        """Divide into (rest, held out), items in their first order.

        Each class is in both in the same proportion where every item has one label; else items are drawn at random.
        """
        import numpy as np
        from sklearn.model_selection import train_test_split

        labels = isinstance(self.targets, np.ndarray) and self.targets.ndim == 1 and self.targets.dtype.kind in "iu"
        rest, held_out = train_test_split(
            np.arange(len(self)), test_size=fraction, random_state=seed, stratify=self.targets if labels else None
        )
        return self.take(np.sort(rest)), self.take(np.sort(held_out))


@dataclass(frozen=True, eq=False)
class Parts:
    """The train, validation and test parts of a task; `test` is None where it is kept elsewhere."""

    train: Split
    validation: Split
    test: Split | None


def take_items(items: Any, indices: Sequence[int] | NDArray[np.intp]) -> Any:
    """Return the entries of an array or list at `indices`."""
    return [items[int(i)] for i in indices] if isinstance(items, list) else items[_array(indices)]


def _array(indices: Sequence[int] | NDArray[np.intp]) -> NDArray[np.intp]:
    import numpy as np

    return np.asarray(indices, np.intp)
