"""Forecasting: the next values of a signal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from harness.kinds._drawing import DrawnLine, ItemDrawing, draw_input
from harness.kinds._kind import Accepted, Expected, Facts, Header, describe_header, no_classes
from harness.kinds._numeric import Numbers
from harness.kinds._unacceptable import describe


class Forecasting(Numbers):
    """Targets are (N, horizon) floats."""

    name = "forecasting"
    returns = "(N, horizon) floats"
    sample_model = """\
def fit(self, train, validation):
    self.mean = np.mean(train.targets, axis=0)

def predict(self, inputs):
    return np.repeat(self.mean[None], len(inputs), axis=0)  # the mean of all targets
"""
    metrics = ("mean_absolute_error",)
    continues_its_input = True

    def expectations(self, facts: Facts) -> Iterator[Expected]:
        yield Expected(facts.horizon is not None, "horizon", facts.horizon, "the number of steps to forecast")
        yield no_classes(self.name, facts)

    def targets_problem(self, facts: Facts, inputs: Any, targets: Any) -> str | None:
        import numpy as np

        if not isinstance(targets, np.ndarray) or targets.dtype.kind != "f" or targets.shape[1:] != (facts.horizon,):
            return f"targets are {describe(targets)}, expected (N, {facts.horizon}) floats"
        return None if np.isfinite(targets).all() else "a target is not finite"

    def form_problem(self, facts: Facts, n: int, item_shape: tuple[int, ...], headers: Sequence[Header]) -> str | None:
        first = headers[0]
        if first.shape == (n, facts.horizon) and first.dtype.kind == "f":
            return None
        return f"{describe_header(first, n)}: expected ({n}, {facts.horizon}) floats"

    def drawing(self, facts: Facts, item: Any, target: Any = None, answer: Accepted | None = None) -> ItemDrawing:
        """Draw the forecast and the true values as continuations of the signal."""
        import numpy as np

        drawn = draw_input(item)
        signal = np.asarray(item)
        lines, begin = drawn.lines, len(signal)
        if signal.ndim == 2 and len(drawn.lines) == 0:  # (time, quantities): the first quantity is forecast
            lines = (DrawnLine("input", signal[:, 0].astype(np.float64)),)
        if target is not None:
            lines += (DrawnLine("truth", np.asarray(target, np.float64), begin),)
        if answer is not None:
            lines += (DrawnLine("answer", np.asarray(answer.values, np.float64), begin),)
        words = ""
        if target is not None and answer is not None:
            off = np.abs(np.asarray(answer.values, np.float64) - np.asarray(target, np.float64)).mean()
            words = f"off by {off:.3g} on average"
        return replace(drawn, lines=lines, image=None, answer=words)
