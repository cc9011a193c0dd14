"""Check that a kind of task from another package keeps to the interface of kinds.

If it raises or returns anything else, the mistake is its author's and never a student's.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

from harness.contract._whereabouts import raised_at
from harness.errors import InfrastructureError, TaskError
from harness.kinds import (
    KINDS,
    PREDICTION_FORMS,
    Accepted,
    Agreement,
    Answers,
    Expected,
    Facts,
    Header,
    ItemDrawing,
    Kind,
    UnacceptableError,
)

_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
_TEXTS = ("returns", "sample_model")
_NAMES = ("metrics", "metrics_of_scores")
_YES_OR_NO = ("has_one_class_per_item", "continues_its_input")
_Result = TypeVar("_Result")


def kind_problem(kind: Kind) -> str | None:
    """Return what is wrong with the class attributes of a kind from another package, or None."""
    name = getattr(kind, "name", None)
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        return f"its name is {name!r}; expected lower-case letters, digits and _, such as 'ranking'"
    if name in KINDS:
        return f"its name is {name!r}, which is the name of a kind that comes with the harness"
    if kind.form not in PREDICTION_FORMS:
        return f"its form is {kind.form!r}; expected one of {', '.join(map(repr, PREDICTION_FORMS))}"
    for field in _TEXTS:
        if not isinstance(getattr(kind, field, None), str):
            return f"its {field} is {getattr(kind, field, None)!r}; expected a text"
    for field in _NAMES:
        names = getattr(kind, field, ())
        if not isinstance(names, tuple) or not all(isinstance(one, str) for one in names):
            return f"its {field} are {names!r}; expected a tuple of names of metrics"
    return next(
        (
            f"its {field} is {getattr(kind, field)!r}; expected True or False"
            for field in _YES_OR_NO
            if not isinstance(getattr(kind, field), bool)
        ),
        None,
    )


class CheckedKind(Kind):
    """A kind that calls another one and checks everything that it returns."""

    def __init__(self, kind: Kind) -> None:
        self._kind = kind
        vars(self).update(
            {field: getattr(kind, field) for field in ("name", "form", *_TEXTS, *_YES_OR_NO)}
            | {field: getattr(kind, field, ()) for field in _NAMES}
        )

    def expectations(self, facts: Facts) -> Iterator[Expected]:
        """Yield what the kind expects of a declaration."""
        expected = self._called(lambda: list(self._kind.expectations(facts)), "expectations")
        yield from self._of(Expected, expected, "expectations")

    def targets_problem(self, facts: Facts, inputs: Any, targets: Any) -> str | None:
        """Return what is wrong with the targets, or None."""
        return self._text(self._called(lambda: self._kind.targets_problem(facts, inputs, targets), "targets_problem"))

    def form_problem(self, facts: Facts, n: int, item_shape: tuple[int, ...], headers: Sequence[Header]) -> str | None:
        """Return what is wrong with the announced form of predictions, or None."""
        return self._text(self._called(lambda: self._kind.form_problem(facts, n, item_shape, headers), "form_problem"))

    def accept(self, facts: Facts, received: Any) -> Accepted:
        """Return predictions, checked item by item."""
        return self._one(Accepted, self._called(lambda: self._kind.accept(facts, received), "accept"), "accept")

    def perfect_predictions(self, facts: Facts, targets: Any) -> Accepted:
        """Return the predictions of a perfect model."""
        return self._one(
            Accepted,
            self._called(lambda: self._kind.perfect_predictions(facts, targets), "perfect_predictions"),
            "perfect_predictions",
        )

    def agreement(self, first: Answers, second: Answers, *, of_scores: bool = False) -> Agreement:
        """Return which items got different answers in two runs."""
        found = self._called(lambda: self._kind.agreement(first, second, of_scores=of_scores), "agreement")
        agreement, n = self._one(Agreement, found, "agreement"), len(first.values)
        for part in agreement:
            self._expect(_is_array(part, n) and part.dtype == bool, "agreement", part, f"({n},) bool, twice")
        return agreement

    def normalised(self, scores: Any) -> Any:
        """Return `scores` in the form that metrics expect."""
        found = self._called(lambda: self._kind.normalised(scores), "normalised")
        self._expect(_is_array(found, len(scores)), "normalised", found, "an array as long as the scores")
        return found

    def correct(self, targets: Any, answers: Answers) -> Any:
        """Return which answers are correct, or None."""
        found, n = self._called(lambda: self._kind.correct(targets, answers), "correct"), len(targets)
        fits = found is None or (_is_array(found, n) and found.ndim == 1 and found.dtype == bool)
        self._expect(fits, "correct", found, f"({n},) bool, or None")
        return found

    def class_counts(self, facts: Facts, targets: Any) -> list[int] | None:
        """Return how many items are of each class, or None."""
        found = self._called(lambda: self._kind.class_counts(facts, targets), "class_counts")
        fits = found is None or (isinstance(found, list) and len(found) == len(facts.classes))
        self._expect(fits, "class_counts", found, "a list with a number for each class, or None")
        return found

    def drawing(self, facts: Facts, item: Any, target: Any = None, answer: Accepted | None = None) -> ItemDrawing:
        """Return what to draw of one input."""
        found = self._called(lambda: self._kind.drawing(facts, item, target, answer), "drawing")
        return self._one(ItemDrawing, found, "drawing")

    def hardest(self, targets: Any, answers: Answers) -> list[int]:
        """Return the positions of the worst answers."""
        found, n = self._called(lambda: self._kind.hardest(targets, answers), "hardest"), len(targets)
        fits = isinstance(found, list) and all(isinstance(one, int) and 0 <= one < n for one in found)
        self._expect(fits, "hardest", found, "a list of positions")
        return found

    def agreement_with_first(self, answers: Answers) -> Any:
        """Return how strongly each answer supports the first answer, or None."""
        found = self._called(lambda: self._kind.agreement_with_first(answers), "agreement_with_first")
        fits = found is None or _is_array(found, len(answers.values))
        self._expect(fits, "agreement_with_first", found, "a number for each answer, or None")
        return found

    def item_loss(self, targets: Any, answers: Answers) -> Any:
        """Return the loss of each answer, or None."""
        found, n = self._called(lambda: self._kind.item_loss(targets, answers), "item_loss"), len(targets)
        fits = found is None or (_is_array(found, n) and found.ndim == 1 and found.dtype.kind in "iuf")
        self._expect(fits, "item_loss", found, f"({n},) numbers, or None")
        return found

    def _called(self, call: Callable[[], _Result], method: str) -> _Result:
        try:
            return call()
        except (UnacceptableError, InfrastructureError, TaskError):
            raise
        except (Exception, SystemExit) as error:
            place = raised_at(error, getattr(type(self._kind), method))
            raise self._mistake(method, f"raised {type(error).__name__}: {error}", place and f" ({place})") from error

    def _one(self, expected: type[_Result], found: object, method: str) -> _Result:
        if not isinstance(found, expected):
            raise self._mistake(method, f"returned {found!r:.80}", f"; expected harness.kinds.{expected.__name__}")
        return found

    def _of(self, expected: type[_Result], found: Sequence[object], method: str) -> list[_Result]:
        return [self._one(expected, one, method) for one in found]

    def _text(self, found: object) -> str | None:
        self._expect(found is None or isinstance(found, str), "a check", found, "a text, or None")
        return found if isinstance(found, str) else None

    def _expect(self, holds: bool, method: str, found: object, expected: str) -> None:
        if not holds:
            raise self._mistake(method, f"returned {found!r:.80}", f"; expected {expected}")

    def _mistake(self, method: str, what: str, more: str) -> TaskError:
        cls = f"{type(self._kind).__module__}.{type(self._kind).__qualname__}"
        return TaskError(f"the kind {self.name!r} ({cls}): {method} {what}{more}")


def _is_array(found: object, n: int) -> bool:
    import numpy as np

    return isinstance(found, np.ndarray) and found.ndim >= 1 and len(found) == n
