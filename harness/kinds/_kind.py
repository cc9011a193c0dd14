"""The interface of a kind of task, which defines and checks the form of targets and predictions."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, Protocol

from harness.kinds._agreement import Agreement, Answers, agreement_of_labels
from harness.kinds._drawing import ItemDrawing, draw_input
from harness.kinds._unacceptable import UnacceptableError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_HARDEST = 6
MAX_MAGNITUDE = 1e100
"""The largest magnitude of a predicted number: sums, squares and areas of such numbers are finite."""


class Header(Protocol):
    """The announced form of an array that has not been read yet."""

    @property
    def dtype(self) -> np.dtype[Any]:
        """The type of its numbers."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Its shape."""


class Facts(Protocol):
    """The facts about a task's data that a kind needs."""

    @property
    def classes(self) -> tuple[str, ...]:
        """The names of the classes; empty if there are none."""

    @property
    def horizon(self) -> int | None:
        """The number of steps to forecast; None for every kind except forecasting."""

    @property
    def input_shape(self) -> tuple[int, ...] | None:
        """The shape of one input; None for texts."""


class Accepted(NamedTuple):
    """Predictions that were checked: one value for each item, and scores if the model returned any."""

    values: Any
    scores: Any = None


class Expected(NamedTuple):
    """A requirement of a kind on one field of a declaration."""

    holds: bool
    """Whether the declaration meets it."""
    field: str
    value: object
    expected: str
    """What to declare, in words."""


class Kind(ABC):
    """One kind of task. A new kind is a subclass in a separate module, and an entry in the list of kinds.

    An installed package may also provide a kind; see the page on plug-ins. All methods run in the host's process.

    Abstract methods must be written. The others are suitable for a kind whose answers are labels and which counts no
    classes: `agreement` compares labels, `correct` and `class_counts` return None, and `drawing` shows only the input.
    """

    name: ClassVar[str]
    """The name that a task declares."""
    returns: ClassVar[str]
    """What `predict` may return for N inputs, in words."""
    sample_model: ClassVar[str]
    """The methods of the simplest model, which ``harness new submission`` writes; `np` is NumPy."""
    form: ClassVar[str] = "array"
    """The form in which a worker sends predictions: ``"array"`` for one array; ``"array per item"`` for a list of
    arrays with different lengths; ``"boxes"`` for a list of boxes."""
    metrics: ClassVar[tuple[str, ...]] = ()
    """Names of the metrics in `harness.metrics` that a task of this kind usually declares, with the primary one
    first."""
    metrics_of_scores: ClassVar[tuple[str, ...]] = ()
    """Names of the metrics in `harness.metrics` that are computed in addition if a model returns scores."""
    has_one_class_per_item: ClassVar[bool] = False
    """Whether targets are labels of which each item has exactly one."""
    continues_its_input: ClassVar[bool] = False
    """Whether targets are the values that follow an input signal."""

    @abstractmethod
    def expectations(self, facts: Facts) -> Iterator[Expected]:
        """Yield the requirements of this kind on a declaration."""

    @abstractmethod
    def targets_problem(self, facts: Facts, inputs: Any, targets: Any) -> str | None:
        """Return what is wrong with the targets of `inputs`, or None."""

    @abstractmethod
    def form_problem(self, facts: Facts, n: int, item_shape: tuple[int, ...], headers: Sequence[Header]) -> str | None:
        """Return what is wrong with the announced form of predictions for n inputs of `item_shape`, or None."""

    @abstractmethod
    def accept(self, facts: Facts, received: Any) -> Accepted:
        """Check the received predictions item by item, and return them.

        Raises:
            UnacceptableError: they do not have the form of this kind.
        """

    @abstractmethod
    def perfect_predictions(self, facts: Facts, targets: Any) -> Accepted:
        """Return the predictions of a perfect model."""

    def agreement(self, first: Answers, second: Answers, *, of_scores: bool = False) -> Agreement:
        """Return which items got different answers in two runs.

        This implementation compares labels; `Numbers` has one for numbers, which allows for rounding. Labels must be
        equal, but a label that changes between nearly equal scores is excused and counted. With `of_scores` the scores
        are compared instead, and must be nearly equal.
        """
        return agreement_of_labels(first, second, of_scores=of_scores)

    def normalised(self, scores: NDArray[Any]) -> NDArray[Any]:
        """Return `scores` in the form that metrics expect."""
        return scores

    def correct(self, targets: Any, answers: Answers) -> NDArray[np.bool_] | None:
        """Return (N,) bool, which answers are correct; None if answers are better or worse but not right or wrong."""
        return None

    def class_counts(self, facts: Facts, targets: Any) -> list[int] | None:
        """Return how many items each class has; None if a kind does not count classes."""
        return None

    def drawing(self, facts: Facts, item: Any, target: Any = None, answer: Accepted | None = None) -> ItemDrawing:
        """Return the drawing of one input, with its target and the answer to it if they are given.

        `answer` contains one value, and its scores if there are any.
        """
        return draw_input(item)

    def item_loss(self, targets: Any, answers: Answers) -> NDArray[Any] | None:
        """Return (N,) the loss of each answer, 0 for a perfect one, to find the hardest items; None if unknown."""
        right = self.correct(targets, answers)
        return None if right is None else (~right).astype(float)

    def hardest(self, targets: Any, answers: Answers) -> list[int]:
        """Return the positions of the few worst answers, the worst first and without perfect ones."""
        import numpy as np

        item_loss = self.item_loss(targets, answers)
        if item_loss is None:
            return []
        return [int(item) for item in np.argsort(-item_loss, kind="stable")[:_HARDEST] if item_loss[item] > 0]

    def agreement_with_first(self, answers: Answers) -> NDArray[Any] | None:
        """Return (N,) how strongly each answer supports the first answer; None if this is not defined.

        The weight of a part of an input is how much weaker the support becomes if the part is left out.
        """
        return None


def describe_header(header: Header, n: int) -> str:
    """Return a description of the announced predictions for n inputs."""
    return f"predict returned shape {header.shape} of {header.dtype} for {n} inputs"


FINITE = (
    "expected finite numbers; if the loss became nan in fit, use a lower learning rate; otherwise look for a division "
    "by zero or a logarithm of zero"
)
_ONE_ITEM = "; the input was a single item, which has no deviation: compute means and deviations in fit"


def check_finite(array: NDArray[Any]) -> None:
    """Refuse NaN and infinity.

    Raises:
        UnacceptableError: there is one; the message names its item.
    """
    import numpy as np

    if array.dtype.kind == "f" and not np.isfinite(array).all():
        where = np.argwhere(~np.isfinite(array))[0]
        alone = _ONE_ITEM if len(array) == 1 else ""
        raise UnacceptableError(f"predict returned {array[tuple(where)]} (item {where[0]}): {FINITE}{alone}")


def check_magnitude(array: NDArray[Any], where: Callable[[int], str] = "item {}".format) -> None:
    """Refuse numbers so large that their sums and squares would not be finite.

    Raises:
        UnacceptableError: there is one; the message names its item.
    """
    import numpy as np

    # in double precision, because the bound exceeds the range of smaller types
    beyond = np.argwhere(np.abs(array.astype(np.float64)) > MAX_MAGNITUDE)
    if len(beyond):
        value = array[tuple(beyond[0])]
        raise UnacceptableError(
            f"predict returned {value:g} ({where(beyond[0][0])}): "
            f"expected numbers between {-MAX_MAGNITUDE:g} and {MAX_MAGNITUDE:g}"
        )


def enough_classes(kind: str, facts: Facts) -> Expected:
    """Return the requirement of at least two classes."""
    return Expected(len(facts.classes) >= 2, "classes", facts.classes, f"at least two classes for {kind}")


def no_horizon(kind: str, facts: Facts) -> Expected:
    """Return the requirement that no `horizon` is declared."""
    return Expected(facts.horizon is None, "horizon", facts.horizon, f"none: {kind} has no `horizon`")


def no_classes(kind: str, facts: Facts) -> Expected:
    """Return the requirement that there are no classes."""
    return Expected(not facts.classes, "classes", facts.classes, f"none: {kind} has no classes")


def images(facts: Facts) -> Expected:
    """Return the requirement that inputs are images."""
    shape = facts.input_shape
    fits = shape is not None and len(shape) in (2, 3)
    return Expected(fits, "inputs.shape", shape, "(height, width), or a shape with channels as well")
