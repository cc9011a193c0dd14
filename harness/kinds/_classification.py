"""Classification: each item is of one class."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from harness.kinds._agreement import Answers
from harness.kinds._drawing import ItemDrawing, draw_input, named
from harness.kinds._kind import (
    Accepted,
    Expected,
    Facts,
    Header,
    Kind,
    check_finite,
    describe_header,
    enough_classes,
    no_horizon,
)
from harness.kinds._unacceptable import UnacceptableError, describe

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_ONE_COLUMN = (
    "turn the one column p of a sigmoid into two, np.stack([1 - p, p], axis=1), or into labels, (p > 0.5).astype(int)"
)


def probabilities(scores: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
    """Return rows that sum to one: `scores` unchanged if their rows do, otherwise their softmax (Bridle 1990)."""
    import numpy as np

    rows = scores.astype(np.float64)
    # a number above 2 cannot be part of a sum of one, and the sum could exceed the range of floats
    if (rows >= 0).all() and (rows <= 2).all() and np.allclose(rows.sum(axis=1), 1, atol=1e-3):
        return rows
    with np.errstate(over="ignore", under="ignore"):  # a difference may be -inf, whose exponential is 0
        shifted = np.exp(rows - rows.max(axis=1, keepdims=True))
    softmax: NDArray[np.float64] = shifted / shifted.sum(axis=1, keepdims=True)
    return softmax


class Classification(Kind):
    """Targets are (N,) int64 labels, counted from 0 in the order of the task's classes."""

    name = "classification"
    returns = "(N,) whole-number labels, or (N, C) float scores, one column per class: the highest is the label"
    sample_model = """\
def fit(self, train, validation):
    counts = np.bincount(train.targets, minlength=len(self.task.classes))
    self.shares = counts / counts.sum()  # how frequent each class is

def predict(self, inputs):
    return np.tile(self.shares, (len(inputs), 1))  # one row of scores per input; the highest is the answer
"""
    metrics = ("accuracy", "macro_f1")
    metrics_of_scores = ("auc", "log_loss", "calibration_error")
    has_one_class_per_item = True

    def expectations(self, facts: Facts) -> Iterator[Expected]:
        yield enough_classes(self.name, facts)
        yield no_horizon(self.name, facts)

    def targets_problem(self, facts: Facts, inputs: Any, targets: Any) -> str | None:
        import numpy as np

        if not isinstance(targets, np.ndarray) or targets.dtype != np.int64 or targets.ndim != 1:
            return f"targets are {describe(targets)}, expected ({len(inputs)},) int64 labels"
        if len(targets) and not (targets.min() >= 0 and targets.max() < len(facts.classes)):
            return f"labels in [{targets.min()}, {targets.max()}], expected [0, {len(facts.classes) - 1}]"
        return None

    def form_problem(self, facts: Facts, n: int, item_shape: tuple[int, ...], headers: Sequence[Header]) -> str | None:
        first, classes = headers[0], len(facts.classes)
        labels = first.shape == (n,) and first.dtype.kind in "iuf"
        scores = first.shape == (n, classes) and first.dtype.kind == "f"
        if labels or scores:
            return None
        expected = f"expected ({n},) integer labels or ({n}, {classes}) float scores"
        return f"{describe_header(first, n)}: {expected}{_remedy(first, n, classes)}"

    def accept(self, facts: Facts, received: Any) -> Accepted:
        import numpy as np

        array: NDArray[Any] = received
        check_finite(array)
        if array.ndim == 2:
            return Accepted(array.argmax(axis=1).astype(np.int64), array)
        if array.dtype.kind == "f" and (array != np.floor(array)).any():
            fraction = array[array != np.floor(array)][0]
            shape = f"({len(array)}, {len(facts.classes)})"
            columns = f"for scores return one column per class, {shape}; for labels use .astype(int)"
            remedy = _ONE_COLUMN if len(facts.classes) == 2 and 0 <= fraction <= 1 else columns
            raise UnacceptableError(f"predict returned the label {fraction:g}: expected whole numbers; {remedy}")
        low, high = array.min(initial=0), array.max(initial=0)
        if low < 0 or high >= len(facts.classes):
            wrong = low if low < 0 else high
            from_one = "; classes are counted from 0" if array.min() == 1 and high == len(facts.classes) else ""
            raise UnacceptableError(
                f"predict returned the label {wrong:g}: expected 0 to {len(facts.classes) - 1}{from_one}"
            )
        return Accepted(array.astype(np.int64))

    def perfect_predictions(self, facts: Facts, targets: Any) -> Accepted:
        import numpy as np

        return Accepted(targets, np.eye(len(facts.classes))[targets])

    def normalised(self, scores: NDArray[Any]) -> NDArray[Any]:
        return probabilities(scores)

    def correct(self, targets: Any, answers: Answers) -> NDArray[np.bool_] | None:
        import numpy as np

        return np.asarray(answers.values == targets, bool)

    def drawing(self, facts: Facts, item: Any, target: Any = None, answer: Accepted | None = None) -> ItemDrawing:
        truth = "" if target is None else named(facts.classes, target)
        words = ""
        if answer is not None:
            words = named(facts.classes, answer.values)
            if answer.scores is not None:
                words += f" ({100 * probabilities(answer.scores[None])[0][int(answer.values)]:.0f}\N{NO-BREAK SPACE}%)"
        return replace(draw_input(item), truth=truth, answer=words)

    def item_loss(self, targets: Any, answers: Answers) -> NDArray[Any] | None:
        """Return one minus the probability of the true class; without scores, 1 for a wrong label."""
        import numpy as np

        if answers.scores is None:
            return np.asarray(answers.values != targets, float)
        rows: NDArray[Any] = 1 - probabilities(answers.scores)[np.arange(len(targets)), targets]
        return rows

    def agreement_with_first(self, answers: Answers) -> NDArray[Any] | None:
        """Return the probability of the first answer's label; without scores, 1 for the same label."""
        import numpy as np

        label = int(answers.values[0])
        if answers.scores is None:
            return np.asarray(answers.values == label, float)
        of_label: NDArray[Any] = probabilities(answers.scores)[:, label]
        return of_label

    def class_counts(self, facts: Facts, targets: Any) -> list[int] | None:
        import numpy as np

        counts: list[int] = np.bincount(targets, minlength=len(facts.classes)).tolist()
        return counts


def _remedy(first: Header, n: int, classes: int) -> str:
    """Return what to write for forms that people often return instead of labels or scores, or an empty string."""
    shape, kind = first.shape, first.dtype.kind
    if shape == (n,) and kind == "b":
        return "; write .astype(int)"
    if shape == (n, classes) and kind in "iu":
        return "; write .argmax(axis=1) for labels, or .astype(float)"
    if shape == (n, 1):
        return f"; {_ONE_COLUMN}" if kind == "f" and classes == 2 else "; write [:, 0] to drop the last axis of labels"
    if shape == (classes, n):
        return "; write .T to swap the axes"
    if n > 1 and shape == ():
        return "; predict gets many inputs at once: return one answer for each"
    if n == 1 and shape in ((), (classes,)):
        return "; the input was a single item, and squeeze() also removes its axis: name the axis, as in squeeze(1)"
    return ""
