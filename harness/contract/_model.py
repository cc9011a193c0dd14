"""The class a student writes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from harness.contract._limits import Limits

if TYPE_CHECKING:
    from harness.contract._split import Split


@dataclass(frozen=True, kw_only=True)
class TaskInfo:
    """What a model may know about its task."""

    name: str
    kind: str
    input_shape: tuple[int, ...] | None
    """Of one item; None for texts."""
    input_dtype: str
    classes: tuple[str, ...]
    horizon: int | None = None
    """Steps to forecast."""
    n_train: int
    n_validation: int
    limits: Limits = field(default_factory=Limits)
    assets: Mapping[str, str] = field(default_factory=dict)
    """Name → path of pretrained weights; filled in `fit` only."""


class Reporter(Protocol):
    """Takes what a model logs."""

    def report(self, values: dict[str, float]) -> None:
        """Pass `values` on."""


class Model:
    """Base of every submission: implement `fit` and `predict`, keep what you learn on `self`.

    `task` and `seed` are there before ``__init__`` runs, and ``__init__`` takes no arguments. `random`,
    NumPy and (if imported) torch are seeded. Outside the harness both may be set on the class.
    """

    task: TaskInfo
    seed: int = 0
    _reporter: ClassVar[Reporter | None] = None

    def fit(self, train: Split, validation: Split) -> None:
        """Learn from `train`; what `validation` is used for is up to you."""
        raise NotImplementedError("write Model.fit(self, train, validation)")

    def predict(self, inputs: Any) -> Any:
        """Return one prediction for each of `inputs`, a read-only array (N, ...) or a list of texts."""
        raise NotImplementedError("write Model.predict(self, inputs)")

    def save(self, folder: Path) -> None:
        """Write everything on `self` into `folder`: arrays as safetensors, the structure beside them."""
        from harness.artifact import save_state

        save_state(self, folder)

    def load(self, folder: Path) -> None:
        """Restore what `save` wrote."""
        from harness.artifact import load_state

        load_state(self, folder)

    def log(self, *positional: object, **values: float) -> None:
        """Report progress: `epoch`/`epochs` (or `step`/`steps`) move the bar, all draw the learning curve."""
        if positional:
            raise TypeError("log takes values by their names: write self.log(epoch=3, loss=0.21)")
        numbers = {name: _number(name, value) for name, value in values.items()}
        if self._reporter is not None:
            self._reporter.report(numbers)


def _number(name: str, value: Any) -> float:
    try:
        return float(value)
    except (TypeError, ValueError) as error:
        raise TypeError(f"log takes numbers: {name} is {value!r:.60}; print texts instead") from error
