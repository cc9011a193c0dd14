"""The audit: fits on data that was changed on purpose, and what each says."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from harness.contract import Predictions, Split, Task, take_items
from harness.data import FitParts, TaskData
from harness.errors import SubmissionError
from harness.kinds import KINDS
from harness.learning._judge import (
    Array,
    above_ignorance,
    derangement,
    falls,
    judge_exchanged,
    share_left,
    swap_of_ends,
)

PERMUTATIONS = 3
MOST_PERMUTATIONS = 15
"""How many fits on permuted targets a warning takes: of two classes an honest fit hits the right one by a toss."""
_MUCH_LEFT = 0.5
RULE_BYTES = 4096
"""A model that knows less may be a rule written by hand, which learns nothing and is not fraud."""

Outcome = Literal["passed", "warned", "failed", "no verdict"]
OUTCOMES: tuple[Outcome, ...] = ("failed", "warned", "no verdict", "passed")
"""The worst first."""


@dataclass(frozen=True, eq=False)
class Refitted:
    """What a fresh worker answered after a fit, and how many bytes the model knows."""

    predictions: Predictions
    knowledge_bytes: int


Refit = Callable[[FitParts, Any], Refitted]
"""Fits on these parts and predicts these inputs; raises `SubmissionError` where the submission does."""


@dataclass(frozen=True)
class Trial:
    """One fit and what it says."""

    name: str
    outcome: Outcome
    detail: str


@dataclass(frozen=True)
class Learning:
    """All trials of one submission."""

    trials: tuple[Trial, ...]

    @property
    def outcome(self) -> Outcome:
        """The worst of them."""
        found = {trial.outcome for trial in self.trials}
        return next((outcome for outcome in OUTCOMES if outcome in found), "no verdict")


def audit_learning(
    task: Task, data: TaskData, refit: Refit, generator: np.random.Generator, *, has_assets: bool = False
) -> Learning:
    """Ask whether the score of a submission comes from what `fit` was given.

    It takes seven fits where there are classes, and more where knowledge seems to be brought along. A fit with
    exchanged classes decides; all else informs. A fit that fails gives no verdict, whatever its reason.
    """
    return Learning(tuple(_LearningAudit(task, data, refit, generator).trials(has_assets=has_assets)))


@dataclass(frozen=True, eq=False)
class _LearningAudit:
    task: Task
    data: TaskData
    refit: Refit
    generator: np.random.Generator

    def trials(self, *, has_assets: bool) -> Iterator[Trial]:
        try:
            first = self.refit(self.data.for_fit, self.data.scored.inputs)
        except SubmissionError as error:
            yield Trial("fitted again", "no verdict", f"the fit failed: {error.kind} in {error.phase}")
            return
        classes = KINDS[self.task.kind].has_one_class_an_item
        steps: list[tuple[str, Callable[[Refitted], Trial]]] = []
        if classes:
            steps.append(("all classes exchanged", self._all_exchanged))
        if classes and len(self.task.classes) > 2:
            steps.append(("two classes exchanged", self._two_exchanged))
        steps.append(("targets permuted", self._permuted if classes else self._permuted_without_classes))
        if classes and isinstance(self.data.train.inputs, np.ndarray) and not has_assets:
            steps.append(("inputs reversed", self._reversed))
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
        again = self.refit(parts, self.data.scored.inputs)
        labels = _labels(again)
        found = judge_exchanged(truth, answers, labels, order)
        told = (
            f"of {found.items} items whose class was renamed for fit, {found.new:.1%} are answered by the new name and "
            f"{found.kept:.1%} by the old one ({found.confused:.1%} were confused like that before)"
        )
        if found.keeps and found.nothing_new and first.knowledge_bytes < RULE_BYTES:
            return Trial(name, "warned", f"{told}: a rule that learns nothing, or knowledge that was brought along")
        if found.keeps:
            return Trial(name, "failed", f"{told}: the answers do not come from what fit was given")
        if falls(answers == truth, labels == order[truth]):
            return Trial(
                name,
                "warned",
                f"{told}, and {(answers == truth).mean():.1%} of all items were right before: it rests on the order of "
                "classes, or takes notice of what it is given",
            )
        return Trial(name, "passed", told)

    def _permuted(self, first: Refitted) -> Trial:
        """Fit on permuted targets a few times, and on as long as much is left each time.

        The mean of a few would warn about honest models: where a fit divides the inputs into few regions, each of
        them is named by chance, and now and then most are named right (sequential Monte Carlo tests: Besag &
        Clifford 1991, Biometrika 78).
        """
        answers: list[Array] = []
        left: list[float] = []
        while len(answers) < PERMUTATIONS or (left and min(left) >= _MUCH_LEFT and len(answers) < MOST_PERMUTATIONS):
            labels = _labels(self.refit(self._with_targets(self._shuffled), self.data.scored.inputs))
            answers.append(labels)
            share = share_left(self._truth, _labels(first), labels)
            left += [] if share is None else [share]
        shares = ", ".join(f"{(labels == self._truth).mean():.1%}" for labels in answers)
        told = f"after fits on permuted targets {shares} of the items are right"
        if not left:
            return Trial(
                "targets permuted", "no verdict", f"{told}, and hardly more than the commonest class was before"
            )
        if min(left) >= _MUCH_LEFT:
            return Trial(
                "targets permuted",
                "warned",
                f"{told}: {min(left):.0%} or more of what it gained is left without any signal",
            )
        return Trial("targets permuted", "passed", told)

    def _permuted_without_classes(self, first: Refitted) -> Trial:
        metric = self.task.primary
        if metric.of == "scores" and first.predictions.scores is None:
            return Trial("targets permuted", "no verdict", f"{metric.name} is computed from scores")
        before = metric.compute(self.data.scored.targets, first.predictions)
        after = [
            metric.compute(
                self.data.scored.targets,
                self.refit(self._with_targets(self._shuffled), self.data.scored.inputs).predictions,
            )
            for _ in range(PERMUTATIONS)
        ]
        told = f"{metric.name} {before:.4g}; after fits on permuted targets {', '.join(f'{one:.4g}' for one in after)}"
        if any(metric.at_least_as_good(one, before) for one in after):
            return Trial("targets permuted", "warned", f"{told}: nothing of it comes from the targets")
        return Trial("targets permuted", "passed", told)

    def _reversed(self, first: Refitted) -> Trial:
        """Turn every input round, where it is learned from and where it is scored: what was brought fits no more."""
        shown = self.data.for_fit
        parts = FitParts(*(Split(_turned(part.inputs), part.targets) for part in shown))
        labels = _labels(self.refit(parts, _turned(self.data.scored.inputs)))
        before, after = _labels(first) == self._truth, labels == self._truth
        told = f"with all inputs reversed {after.mean():.1%} of the items are right, {before.mean():.1%} were before"
        if falls(before, after):
            return Trial(
                "inputs reversed",
                "warned",
                f"{told}: it rests on which way round they are, as features that were brought along do",
            )
        return Trial("inputs reversed", "passed", told)

    @property
    def _truth(self) -> Array:
        truth: Array = self.data.scored.targets
        return truth

    def _with_targets(self, change: Callable[[Any], Any]) -> FitParts:
        """Return what `fit` is given with other targets."""
        return FitParts(*(Split(part.inputs, change(part.targets)) for part in self.data.for_fit))

    def _shuffled(self, targets: Any) -> Any:
        return take_items(targets, self.generator.permutation(len(targets)))


def _labels(fitted: Refitted) -> Array:
    labels: Array = fitted.predictions.values
    return labels


def _turned(inputs: Array) -> Array:
    """Return each input with the order of its first two axes reversed: a picture upside down, a signal from its end."""
    sides = range(1, min(inputs.ndim, 3))
    return np.ascontiguousarray(np.flip(inputs, tuple(sides)))
