"""The common part of kinds whose predictions are numbers: accepting them and comparing two runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from harness.kinds._agreement import Agreement, Answers, all_of_item, numbers_are_close
from harness.kinds._kind import Accepted, Facts, Kind, check_finite, check_magnitude

if TYPE_CHECKING:
    from numpy.typing import NDArray


class Numbers(Kind):
    """Base class of the kinds whose predictions are numbers of any magnitude, one or several for each item."""

    def accept(self, facts: Facts, received: Any) -> Accepted:
        """Return finite 64-bit floats; a kind with further requirements calls this method first."""
        import numpy as np

        check_finite(received)
        array = received.astype(np.float64)
        check_magnitude(array)
        return Accepted(array)

    def agreement(self, first: Answers, second: Answers, *, of_scores: bool = False) -> Agreement:
        """Return which items got different numbers, with a tolerance relative to the spread of all numbers."""
        import numpy as np

        close = all_of_item(numbers_are_close(first.values, second.values))
        return Agreement(~close, np.zeros(len(close), bool))

    def perfect_predictions(self, facts: Facts, targets: Any) -> Accepted:
        """Return the targets themselves."""
        import numpy as np

        return Accepted(np.asarray(targets, np.float64))

    def item_loss(self, targets: Any, answers: Answers) -> NDArray[Any] | None:
        """Return the mean absolute error of each item."""
        import numpy as np

        errors = np.abs(np.asarray(answers.values) - targets).reshape(len(targets), -1)
        means: NDArray[Any] = errors.mean(axis=1)
        return means
