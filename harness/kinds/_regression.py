"""Regression: one number for each item."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from harness.kinds._agreement import Answers
from harness.kinds._drawing import ItemDrawing, draw_input
from harness.kinds._kind import Accepted, Expected, Facts, Header, describe_header, no_classes, no_horizon
from harness.kinds._numeric import Numbers
from harness.kinds._unacceptable import describe

if TYPE_CHECKING:
    from numpy.typing import NDArray


class Regression(Numbers):
    """Targets are (N,) floats."""

    name = "regression"
    returns = "(N,) numbers"
    sample_model = """\
def fit(self, train, validation):
    self.mean = np.mean(train.targets, axis=0)

def predict(self, inputs):
    return np.repeat(self.mean[None], len(inputs), axis=0)  # the mean of all targets
"""
    metrics = ("mean_absolute_error", "root_mean_squared_error", "r_squared")

    def expectations(self, facts: Facts) -> Iterator[Expected]:
        yield no_classes(self.name, facts)
        yield no_horizon(self.name, facts)

    def targets_problem(self, facts: Facts, inputs: Any, targets: Any) -> str | None:
        import numpy as np

        if not isinstance(targets, np.ndarray) or targets.dtype.kind != "f" or targets.ndim != 1:
            return f"targets are {describe(targets)}, expected ({len(inputs)},) floats"
        return None if np.isfinite(targets).all() else "a target is not finite"

    def form_problem(self, facts: Facts, n: int, item_shape: tuple[int, ...], headers: Sequence[Header]) -> str | None:
        first = headers[0]
        if first.shape == (n,) and first.dtype.kind in "iuf":
            return None
        remedy = "; write [:, 0] to drop the last axis" if first.shape == (n, 1) else ""
        return f"{describe_header(first, n)}: expected ({n},) numbers{remedy}"

    def agreement_with_first(self, answers: Answers) -> NDArray[Any] | None:
        """Return the numbers themselves, so that a part with a positive weight makes the number larger."""
        import numpy as np

        return np.asarray(answers.values, float)

    def drawing(self, facts: Facts, item: Any, target: Any = None, answer: Accepted | None = None) -> ItemDrawing:
        truth = "" if target is None else f"{float(target):.4g}"
        return replace(draw_input(item), truth=truth, answer="" if answer is None else f"{float(answer.values):.4g}")
