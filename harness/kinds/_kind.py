"""The interface of a kind of task: its targets, the form of its predictions, and how both are checked."""

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
"""Largest magnitude of a predicted number: sums, squares and areas of such numbers are finite."""


class Header(Protocol):
    """The announced form of an array that has not been read yet."""

    @property
    def dtype(self) -> np.dtype[Any]:
        """The type of its numbers."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Its shape."""


class Facts(Protocol):
    """What a task declares of its data, as far as a kind needs to know it."""

    @property
    def classes(self) -> tuple[str, ...]:
        """The names of the classes; empty where there are none."""

    @property
    def horizon(self) -> int | None:
        """Steps to forecast; None but for forecasting."""

    @property
    def input_shape(self) -> tuple[int, ...] | None:
        """The shape of one input; None for texts."""


class Accepted(NamedTuple):
    """Predictions that were checked: one value an item, and scores where the model gave any."""

    values: Any
    scores: Any = None


class Expected(NamedTuple):
    """The requirement of a kind on one field of a declaration."""

    holds: bool
    field: str
    value: object
    expected: str


class Kind(ABC):
    """One kind of task. A new one is a subclass in a module of its own, and a line in the list of kinds.

    An installed package may bring one, too; see the page on plug-ins. All of it runs in the process of the host.

    What is abstract must be written. The other methods answer for a kind of labels that counts no classes: `agreement`
    is of labels, `right` and `class_counts` return None, `drawing` shows the input alone.
    """

    name: ClassVar[str]
    """The name that a task declares."""
    returns: ClassVar[str]
    """What `predict` may return for N inputs, in words."""
    sample_model: ClassVar[str]
    """The methods of the plainest model there is, as ``harness new submission`` writes them; `np` is NumPy."""
    form: ClassVar[str] = "array"
    """The form in which predictions leave a worker: ``"array"`` for one array; ``"an array an item"`` for a list of
    arrays of several lengths; ``"boxes"`` for a list of boxes."""
    metrics: ClassVar[tuple[str, ...]] = ()
    """Names of the metrics in `harness.metrics` that a task of this kind usually declares, the one to rank by first."""
    metrics_of_scores: ClassVar[tuple[str, ...]] = ()
    """Names of the metrics in `harness.metrics` that are computed in addition where a model gives scores."""
    has_one_class_an_item: ClassVar[bool] = False
    continues_its_input: ClassVar[bool] = False
    """Whether targets are the values that follow an input signal."""

    @abstractmethod
    def expectations(self, facts: Facts) -> Iterator[Expected]:
        """Yield what this kind expects of a declaration."""

    @abstractmethod
    def targets_problem(self, facts: Facts, inputs: Any, targets: Any) -> str | None:
        """Return what is wrong with the targets of `inputs`, or None."""

    @abstractmethod
    def form_problem(self, facts: Facts, n: int, item_shape: tuple[int, ...], headers: Sequence[Header]) -> str | None:
        """Return what is wrong with the announced form of predictions for n inputs of `item_shape`, or None."""

    @abstractmethod
    def accept(self, facts: Facts, received: Any) -> Accepted:
        """Return predictions, checked item by item.

        Raises:
            UnacceptableError: they are not what this kind asks for.
        """

    @abstractmethod
    def all_right(self, facts: Facts, targets: Any) -> Accepted:
        """Return the predictions of a perfect model."""

    def agreement(self, first: Answers, second: Answers, *, of_scores: bool = False) -> Agreement:
        """Tell which items got other answers in one run than in another.

        As it is here it compares labels. A kind whose answers are numbers allows for rounding: see `Numbers`.
        Labels must be equal; one that flips between scores as good as equal is excused, and counted. `of_scores`
        says that the scores themselves are judged: they must be as good as equal, then.
        """
        return agreement_of_labels(first, second, of_scores=of_scores)

    def normalised(self, scores: NDArray[Any]) -> NDArray[Any]:
        """Return `scores` as metrics take them."""
        return scores

    def right(self, targets: Any, answers: Answers) -> NDArray[np.bool_] | None:
        """Return (N,) which answers are right, or None where an answer is better or worse, but not right or wrong."""
        return None

    def class_counts(self, facts: Facts, targets: Any) -> list[int] | None:
        """Return how many items are of each class; None if a kind does not count classes."""
        return None

    def drawing(self, facts: Facts, item: Any, target: Any = None, answer: Accepted | None = None) -> ItemDrawing:
        """Return what to draw of one input, with its target and the answer for it where they are given.

        `answer` holds one value, and its scores if there are any.
        """
        return draw_input(item)

    def item_loss(self, targets: Any, answers: Answers) -> NDArray[Any] | None:
        """Return (N,) how bad each answer is, 0 for a perfect one, to find the hardest items; None if unknown."""
        right = self.right(targets, answers)
        return None if right is None else (~right).astype(float)

    def hardest(self, targets: Any, answers: Answers) -> list[int]:
        """Return the positions of the worst answers, the worst first: a few, and none that is perfect."""
        import numpy as np

        item_loss = self.item_loss(targets, answers)
        if item_loss is None:
            return []
        return [int(item) for item in np.argsort(-item_loss, kind="stable")[:_HARDEST] if item_loss[item] > 0]

    def agreement_with_first(self, answers: Answers) -> NDArray[Any] | None:
        """Return (N,) how strongly each answer says what the first of them says; None where a kind cannot tell.

        How much an input weighs is the difference that leaving a part of it out makes here.
        """
        return None


def describe_header(header: Header, n: int) -> str:
    """Return what was announced as the predictions for n inputs."""
    return f"predict returned shape {header.shape} of {header.dtype} for {n} inputs"


def check_finite(array: NDArray[Any]) -> None:
    """Refuse NaN and infinity.

    Raises:
        UnacceptableError: there is one; says for which item.
    """
    import numpy as np

    if array.dtype.kind == "f" and not np.isfinite(array).all():
        where = np.argwhere(~np.isfinite(array))[0]
        raise UnacceptableError(f"predict returned {array[tuple(where)]} (item {where[0]}): expected finite")


def check_magnitude(array: NDArray[Any], where: Callable[[int], str] = "item {}".format) -> None:
    """Refuse numbers so large that their sums and squares are not finite.

    Raises:
        UnacceptableError: there is one; says for which item.
    """
    import numpy as np

    beyond = np.argwhere(np.abs(array.astype(np.float64)) > MAX_MAGNITUDE)  # a half-precision array has no such number
    if len(beyond):
        value = array[tuple(beyond[0])]
        raise UnacceptableError(
            f"predict returned {value:g} ({where(beyond[0][0])}): "
            f"expected numbers between {-MAX_MAGNITUDE:g} and {MAX_MAGNITUDE:g}"
        )


def enough_classes(kind: str, facts: Facts) -> Expected:
    """Return the expectation of at least two classes."""
    return Expected(len(facts.classes) >= 2, "classes", facts.classes, f"at least two classes for {kind}")


def no_horizon(kind: str, facts: Facts) -> Expected:
    """Return the expectation that no `horizon` is declared."""
    return Expected(facts.horizon is None, "horizon", facts.horizon, f"none: {kind} has no `horizon`")


def no_classes(kind: str, facts: Facts) -> Expected:
    """Return the expectation that there are no classes."""
    return Expected(not facts.classes, "classes", facts.classes, f"none: {kind} has no classes")


def images(facts: Facts) -> Expected:
    """Return the expectation that inputs are images."""
    shape = facts.input_shape
    fits = shape is not None and len(shape) in (2, 3)
    return Expected(fits, "inputs.shape", shape, "(height, width) or with channels")
