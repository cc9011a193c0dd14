"""Multi-label classification: each item has any number of classes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from harness.kinds._agreement import Answers
from harness.kinds._drawing import ItemDrawing, draw_input
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


class MultiLabel(Kind):
    """Targets are (N, C) int64 of 0 and 1, one column per class."""

    name = "multilabel"
    returns = "(N, C) integers 0 and 1, or float probabilities, one column per class: 0.5 or more means yes"
    sample_model = """\
def fit(self, train, validation):
    self.mean = np.mean(train.targets, axis=0)

def predict(self, inputs):
    return np.repeat(self.mean[None], len(inputs), axis=0)  # the mean of all targets
"""
    metrics = ("macro_f1_of_labels", "exact_match")
    metrics_of_scores = ("macro_auc_of_labels",)

    def expectations(self, facts: Facts) -> Iterator[Expected]:
        yield enough_classes(self.name, facts)
        yield no_horizon(self.name, facts)

    def targets_problem(self, facts: Facts, inputs: Any, targets: Any) -> str | None:
        import numpy as np

        shape = (len(inputs), len(facts.classes))
        if not isinstance(targets, np.ndarray) or targets.dtype != np.int64 or targets.shape != shape:
            return f"targets are {describe(targets)}, expected {shape} int64 of 0 and 1"
        return None if np.isin(targets, (0, 1)).all() else "a target is neither 0 nor 1"

    def form_problem(self, facts: Facts, n: int, item_shape: tuple[int, ...], headers: Sequence[Header]) -> str | None:
        first, classes = headers[0], len(facts.classes)
        if first.shape == (n, classes) and first.dtype.kind in "iufb":
            return None
        remedy = "; write .T to swap the axes" if first.shape == (classes, n) else ""
        return f"{describe_header(first, n)}: expected ({n}, {classes}) zeros and ones, or probabilities{remedy}"

    def accept(self, facts: Facts, received: Any) -> Accepted:
        import numpy as np

        check_finite(received)
        low, high = received.min(initial=0), received.max(initial=0)
        if received.dtype.kind == "f":
            if low < 0 or high > 1:
                raise UnacceptableError(
                    f"predict returned probabilities in [{low:g}, {high:g}]: expected [0, 1]; "
                    "apply the sigmoid to raw outputs of a network, torch.sigmoid(x) or 1 / (1 + np.exp(-x))"
                )
            return Accepted((received >= 0.5).astype(np.int64), received)
        if low < 0 or high > 1:
            raise UnacceptableError(f"predict returned {low if low < 0 else high}: expected 0 or 1")
        return Accepted(received.astype(np.int64))

    def perfect_predictions(self, facts: Facts, targets: Any) -> Accepted:
        import numpy as np

        return Accepted(targets, np.asarray(targets, np.float64))

    def correct(self, targets: Any, answers: Answers) -> NDArray[np.bool_] | None:
        import numpy as np

        return np.asarray((answers.values == targets).all(axis=1), bool)

    def drawing(self, facts: Facts, item: Any, target: Any = None, answer: Accepted | None = None) -> ItemDrawing:
        def names(row: Any) -> str:
            return ", ".join(name for name, yes in zip(facts.classes, row, strict=True) if yes) or "none"

        truth = "" if target is None else names(target)
        return replace(draw_input(item), truth=truth, answer="" if answer is None else names(answer.values))

    def item_loss(self, targets: Any, answers: Answers) -> NDArray[Any] | None:
        """Return the mean distance of the probabilities, or of the labels, from the targets."""
        import numpy as np

        predicted = answers.values if answers.scores is None else answers.scores
        distances: NDArray[Any] = np.abs(np.asarray(predicted, float) - targets).mean(axis=1)
        return distances

    def agreement_with_first(self, answers: Answers) -> NDArray[Any] | None:
        """Return the mean over the classes of the probability, or of the equality, of the first answer's labels."""
        import numpy as np

        yes = np.asarray(answers.values[0], bool)
        predicted = np.asarray(answers.values if answers.scores is None else answers.scores, float)
        mean: NDArray[Any] = np.where(yes, predicted, 1 - predicted).mean(axis=1)
        return mean

    def class_counts(self, facts: Facts, targets: Any) -> list[int] | None:
        counts: list[int] = targets.sum(axis=0).tolist()
        return counts
