"""The audit of learning: fits on deliberately changed data, and the finding of each."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from harness.contract import Predictions, Split, Task, take_items
from harness.data import FitParts, TaskData
from harness.errors import SubmissionError
from harness.learning._judge import (
    Array,
    above_ignorance,
    derangement,
    falls,
    judge_exchanged,
    share_left,
    swap_of_ends,
)

LEAST_PERMUTATIONS, MOST_PERMUTATIONS = 3, 15
"""The number of permutations of the targets in any case, and the largest number, which is used as long as much of the
score remains; fits on permuted targets differ much from each other."""
PERMUTING_SECONDS = 900.0
"""The time for all fits on permuted targets; no fit is begun that would probably exceed it."""
LEAST_TO_LEARN = 30
"""The smallest number of items to learn from; with a dozen items, even the order of classes affects what is learned."""
ROUNDS = 6
"""The number of fits on unchanged and on changed data that must all agree before a trial reports a problem.

Fits differ by chance. Of six and six fits that differ only by chance, all fits of one kind are worse than all of the
other at most once in 924 times (a permutation test over fits); a single pair cannot show this, however many items
it has.
"""
_MUCH_LEFT = 0.5
RULE_BYTES = 4096
"""A model with less knowledge may be a fixed rule, which learns nothing and is not fraud."""

Outcome = Literal["passed", "warned", "failed", "no verdict"]
OUTCOMES: tuple[Outcome, ...] = ("failed", "warned", "no verdict", "passed")
"""The outcomes, with the worst one first."""


@dataclass(frozen=True, eq=False)
class Refitted:
    """The predictions of a fresh worker after a fit, and how many bytes of knowledge the model has."""

    predictions: Predictions
    knowledge_bytes: int


Refit = Callable[[FitParts, Any, int], Refitted]
"""A function that fits on these parts with the seed of this repeat, and predicts these inputs.

It raises `SubmissionError` if the submission fails.
"""


@dataclass(frozen=True)
class Trial:
    """One trial and its finding."""

    name: str
    outcome: Outcome
    detail: str


@dataclass(frozen=True)
class Learning:
    """All trials of one submission."""

    trials: tuple[Trial, ...]

    @property
    def outcome(self) -> Outcome:
        """The worst outcome of the trials."""
        found = {trial.outcome for trial in self.trials}
        return next((outcome for outcome in OUTCOMES if outcome in found), "no verdict")


def audit_learning(
    task: Task,
    data: TaskData,
    refit: Refit,
    generator: np.random.Generator,
    *,
    has_assets: bool = False,
    clock: Callable[[], float] = time.monotonic,
) -> Learning:
    """Test whether the score of a submission comes from the data that `fit` gets.

    It takes seven fits if there are classes, and up to sixty if the model seems to contain knowledge. Only the fit with
    exchanged classes can fail; all others inform. A fit that fails gives no verdict, for whatever reason. `clock`
    measures the fits on permuted targets, of which there are fewer if a fit takes long.
    """
    return Learning(tuple(_LearningAudit(task, data, refit, generator, clock).trials(has_assets=has_assets)))


@dataclass(frozen=True, eq=False)
class _LearningAudit:
    task: Task
    data: TaskData
    refit: Refit
    generator: np.random.Generator
    clock: Callable[[], float]
    unchanged: dict[int, Array] = field(default_factory=dict)
    """Labels after fits on unchanged data, by repeat."""

    def trials(self, *, has_assets: bool) -> Iterator[Trial]:
        given = len(self.data.for_fit.train)
        if given < LEAST_TO_LEARN:
            yield Trial("fitted again", "no verdict", f"fit gets {given} items; at least {LEAST_TO_LEARN} are needed")
            return
        try:
            first = self.refit(self.data.for_fit, self.data.scored.inputs, 0)
        except SubmissionError as error:
            yield Trial("fitted again", "no verdict", f"the fit failed: {error.kind} in {error.phase}")
            return
        classes = self.task.kind_definition.has_one_class_per_item
        steps: list[tuple[str, Callable[[Refitted], Trial]]] = []
        if classes:
            steps.append(("all classes exchanged", self._all_exchanged))
        if classes and len(self.task.classes) > 2:
            steps.append(("two classes exchanged", self._two_exchanged))
        steps.append(("targets permuted", self._permuted if classes else self._permuted_without_classes))
        if classes and isinstance(self.data.train.inputs, np.ndarray) and not has_assets:
            steps.append(("inputs changed", self._changed_inputs))
        for name, step in steps:
            try:
                yield step(first)
            except SubmissionError as error:
                yield Trial(name, "no verdict", f"the fit failed: {error.kind} in {error.phase}")

    def _all_exchanged(self, first: Refitted) -> Trial:
        return self._exchanged("all classes exchanged", derangement(len(self.task.classes), self.generator), first)

    def _two_exchanged(self, first: Refitted) -> Trial:
        return self._exchanged("two classes exchanged", swap_of_ends(len(self.task.classes)), first)

    def _exchanged(self, name: str, order: Array, first: Refitted) -> Trial:
        truth, answers = self._truth, _labels(first)
        if not above_ignorance(truth, answers, answers == truth):
            return Trial(name, "no verdict", "the model scores no better than chance")
        parts = self._with_targets(lambda targets: order[targets])
        labels = self._fitted(parts)
        found = judge_exchanged(truth, answers, labels, order)
        detail = (
            f"of {found.items} items whose class was renamed for fit, {found.new:.1%} are answered with the new name "
            f"and {found.kept:.1%} with the old one ({found.confused:.1%} were confused in this way before)"
        )
        if found.keeps and found.nothing_new and first.knowledge_bytes < RULE_BYTES:
            return Trial(name, "warned", f"{detail}: a rule that learns nothing, or knowledge from elsewhere")
        if found.keeps and (found.nothing_new or self._keeps_each_time(order, answers, labels)):
            return Trial(name, "failed", f"{detail}: the answers do not come from the data that fit got")
        new, right = order[truth], answers == truth
        if not (falls(right, labels == new) and self._falls_each_time(right, labels == new, parts, new)):
            return Trial(name, "passed", detail)
        backwards = self._with_targets(self._backwards)
        behind = self._fitted(backwards) == self._backwards(truth)
        detail += f", and {right.mean():.1%} of all items were correct before"
        if not (falls(right, behind) and self._falls_each_time(right, behind, backwards, self._backwards(truth))):
            return Trial(
                name,
                "passed",
                f"{detail}: it depends on the order of classes, because {behind.mean():.1%} are correct "
                "after a fit with that order reversed",
            )
        return Trial(
            name, "warned", f"{detail}: it depends on which class is which, or reacts to the data that fit gets"
        )

    def _backwards(self, targets: Array) -> Array:
        """Return the names in reverse order, which a model that treats the classes as stages learns equally well."""
        return len(self.task.classes) - 1 - targets

    def _keeps_each_time(self, order: Array, first: Array, again: Array) -> bool:
        """Return whether for any two fits more items keep their old names than are confused in the same way."""
        truth = self._truth
        moved = order[truth] != truth
        alike = np.argsort(order)[truth]
        parts = self._with_targets(lambda targets: order[targets])
        return self._differs_each_time(
            (first == alike)[moved].mean(),
            (again == truth)[moved].mean(),
            lambda repeat: (self._unchanged(repeat) == alike)[moved].mean(),
            lambda repeat: (self._fitted(parts, repeat) == truth)[moved].mean(),
        )

    def _falls_each_time(self, first: Array, again: Array, parts: FitParts, names: Array, inputs: Any = None) -> bool:
        """Return whether for any two fits fewer items are correct with `parts` than with the unchanged data."""
        return self._differs_each_time(
            1 - first.mean(),
            1 - again.mean(),
            lambda repeat: (self._unchanged(repeat) != self._truth).mean(),
            lambda repeat: (self._fitted(parts, repeat, inputs) != names).mean(),
        )

    def _differs_each_time(
        self, first: float, again: float, unchanged: Callable[[int], float], changed: Callable[[int], float]
    ) -> bool:
        """Return whether a share is larger after each fit on changed data than after each on unchanged data."""
        highest, lowest = first, again
        for repeat in range(1, ROUNDS):
            highest, lowest = max(highest, unchanged(repeat)), min(lowest, changed(repeat))
            if lowest <= highest:
                return False
        return True

    def _unchanged(self, repeat: int) -> Array:
        """Return the labels after a fit on unchanged data with the seed of another repeat, which is done once."""
        if repeat not in self.unchanged:
            self.unchanged[repeat] = self._fitted(self.data.for_fit, repeat)
        return self.unchanged[repeat]

    def _fitted(self, parts: FitParts, repeat: int = 0, inputs: Any = None) -> Array:
        return _labels(self.refit(parts, self.data.scored.inputs if inputs is None else inputs, repeat))

    def _permuted(self, first: Refitted) -> Trial:
        """Fit on permuted targets, three times in any case and again as long as much of the score remains each time.

        The mean of a few fits would warn about honest models: if a fit divides the inputs into few regions, each of
        them gets a class by chance, and occasionally most of them get the correct one (sequential Monte Carlo tests:
        Besag & Clifford 1991, Biometrika 78).
        """
        name, left = "targets permuted", list[float | None]()

        def describe(again: Refitted) -> tuple[str, bool]:
            labels = _labels(again)
            left.append(share_left(self._truth, _labels(first), labels))
            return f"{(labels == self._truth).mean():.1%}", left[-1] is not None and left[-1] >= _MUCH_LEFT

        shown, outcome = self._permutations(describe)
        detail = f"after fits on permuted targets {shown} of the items are correct"
        if None in left:
            return Trial(name, "no verdict", f"{detail}, and before hardly more than the most frequent class were")
        if outcome == "warned":
            least = min(one for one in left if one is not None)
            detail += f": at least {least:.0%} of the gain remains without any signal"
        return Trial(name, outcome, detail)

    def _permuted_without_classes(self, first: Refitted) -> Trial:
        """Fit on permuted targets, three times in any case and again as long as the answers are no worse."""
        name, metric = "targets permuted", self.task.primary
        if metric.of == "scores" and first.predictions.scores is None:
            return Trial(name, "no verdict", f"{metric.name} is computed from scores")
        before = metric.compute(self.data.scored.targets, first.predictions)

        def describe(again: Refitted) -> tuple[str, bool]:
            after = metric.compute(self.data.scored.targets, again.predictions)
            return f"{after:.4g}", metric.at_least_as_good(after, before)

        shown, outcome = self._permutations(describe)
        detail = f"{metric.name} {before:.4g}; after fits on permuted targets {shown}"
        return Trial(name, outcome, f"{detail}: it does not depend on the targets" if outcome == "warned" else detail)

    def _permutations(self, describe: Callable[[Refitted], tuple[str, bool]]) -> tuple[str, Outcome]:
        """Fit on permuted targets; return a text for each fit, and the outcome: a warning if all were as good.

        `describe` returns the text for one fit, and whether it was about as good as with the real targets. If fits take
        so long that there are only a few, which may be good by chance, there is no warning.
        """
        shown, as_well, begin = list[str](), list[bool](), self.clock()
        while len(shown) < LEAST_PERMUTATIONS or (all(as_well) and len(shown) < MOST_PERMUTATIONS):
            one_more = (self.clock() - begin) * (len(shown) + 1) / max(1, len(shown))
            if shown and one_more > PERMUTING_SECONDS:
                texts = f"{', '.join(shown)} (more fits would take longer than {PERMUTING_SECONDS:,.0f} s)"
                return texts, "no verdict" if all(as_well) else "passed"
            text, well = describe(self.refit(self._with_targets(self._shuffled), self.data.scored.inputs, 0))
            shown.append(text)
            as_well.append(well)
        return ", ".join(shown), "warned" if all(as_well) else "passed"

    def _changed_inputs(self, first: Refitted) -> Trial:
        """Change every input, in training and in scoring, so that knowledge from elsewhere does not fit any more.

        An honest model may depend on the direction of its inputs, as a recurrent network does, or on their brightness.
        So a fall counts only if it occurs both for reversed inputs and for inverted ones.
        """
        name, before, shares = "inputs changed", _labels(first) == self._truth, list[str]()
        for word, change in (("reversed", _reversed), ("inverted", self._inverted)):
            parts = FitParts(*(Split(change(part.inputs), part.targets) for part in self.data.for_fit))
            inputs = change(self.data.scored.inputs)
            after = self._fitted(parts, inputs=inputs) == self._truth
            shares.append(f"with all inputs {word} {after.mean():.1%}")
            detail = f"{' and '.join(shares)} of the items are correct, {before.mean():.1%} before"
            if not (falls(before, after) and self._falls_each_time(before, after, parts, self._truth, inputs)):
                return Trial(name, "passed", detail)
        return Trial(name, "warned", f"{detail}: it depends on how inputs look, as features from elsewhere do")

    def _inverted(self, inputs: Array) -> Array:
        """Return inverted inputs, in which low values become high within the same bounds."""
        return _mirrored(inputs, *_bounds(self.data.train.inputs))

    @property
    def _truth(self) -> Array:
        truth: Array = self.data.scored.targets
        return truth

    def _with_targets(self, change: Callable[[Any], Any]) -> FitParts:
        """Return the parts for `fit` with changed targets."""
        return FitParts(*(Split(part.inputs, change(part.targets)) for part in self.data.for_fit))

    def _shuffled(self, targets: Any) -> Any:
        return take_items(targets, self.generator.permutation(len(targets)))


def _labels(fitted: Refitted) -> Array:
    labels: Array = fitted.predictions.values
    return labels


def _reversed(inputs: Array) -> Array:
    """Return each input with its first two axes reversed: a picture upside down, a signal from its end."""
    sides = range(1, min(inputs.ndim, 3))
    return np.ascontiguousarray(np.flip(inputs, tuple(sides)))


def _bounds(inputs: Array) -> tuple[float, float]:
    return (inputs.min().item(), inputs.max().item()) if inputs.size else (0, 0)


def _mirrored(inputs: Array, low: float, high: float) -> Array:
    """Return `inputs` mirrored between two bounds; values beyond one bound end up beyond the other."""
    if inputs.dtype.kind == "b":
        return ~inputs
    wide = inputs.astype(np.int64 if inputs.dtype.kind in "iu" else np.float64)
    mirrored = low + high - wide
    if inputs.dtype.kind in "iu":
        limits = np.iinfo(inputs.dtype)
        mirrored = np.clip(mirrored, limits.min, limits.max)
    return mirrored.astype(inputs.dtype)
