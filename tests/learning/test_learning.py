"""A learner follows what `fit` is given; what was brought along does not. Judged on models of a few lines."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
import numpy as np
import pytest

from harness import Inputs, Split, metrics
from harness.contract import Predictions
from harness.data import FitParts, TaskData
from harness.errors import SubmissionError
from harness.learning import Learning, Refit, Refitted, audit_learning, worth_testing
from harness.learning._judge import derangement, judge_exchanged, swap_of_ends
from harness.record import Audit, Cost
from harness.timing import one_core
from tests.declared import source, task
from tests.records import changed, failing

Array = np.ndarray[Any, Any]
Labels = Callable[[FitParts, Array], Array]
CLASSES = 5
BIG = 60_000
"""Bytes of knowledge, as of a network that was brought along."""


def clouds(n: int, noise: float, classes: int = CLASSES) -> Split:
    generator = np.random.default_rng(n)
    targets = generator.integers(0, classes, n)
    centres = np.random.default_rng(1).normal(0, 1, (classes, 6))
    return Split((centres[targets] + generator.normal(0, noise, (n, 6))).astype(np.float32), targets)


def data(noise: float = 0.6, n: int = 600, classes: int = CLASSES) -> TaskData:
    parts = [clouds(size, noise, classes) for size in (n + 1, n // 4, n)]
    return TaskData(
        source=source(), train=parts[0], validation=parts[1], test=parts[2], private=False, digest="", passed_over=()
    )


def nearest(parts: FitParts, inputs: Array, neighbours: int = 5) -> Array:
    distances = ((inputs[:, None] - parts.train.inputs) ** 2).sum(axis=2)
    votes = parts.train.targets[np.argsort(distances, axis=1)[:, :neighbours]]
    return np.array([np.bincount(row).argmax() for row in votes])


def centroid(parts: FitParts, inputs: Array) -> Array:
    names = np.unique(parts.train.targets)
    centres = np.stack([parts.train.inputs[parts.train.targets == name].mean(axis=0) for name in names])
    found: Array = names[((inputs[:, None] - centres) ** 2).sum(axis=2).argmin(axis=1)]
    return found


def ordinal_of(classes: int) -> Labels:
    """Return what regresses on the number of the class, as for stages of a disease."""

    def labels(parts: FitParts, inputs: Array) -> Array:
        design = np.c_[parts.train.inputs, np.ones(len(parts.train))]
        weights = np.linalg.lstsq(design, parts.train.targets.astype(float), rcond=None)[0]
        return np.clip(np.rint(np.c_[inputs, np.ones(len(inputs))] @ weights), 0, classes - 1).astype(int)

    return labels


def ordinal(parts: FitParts, inputs: Array) -> Array:
    return ordinal_of(CLASSES)(parts, inputs)


def majority(parts: FitParts, inputs: Array) -> Array:
    return np.full(len(inputs), np.bincount(parts.train.targets).argmax())


def constant(_: FitParts, inputs: Array) -> Array:
    return np.full(len(inputs), 2)


def rule_of(known: TaskData) -> Labels:
    """Return a rule written by hand: it knows the classes without learning them."""
    return lambda _, inputs: centroid(known.for_fit, inputs)


def network_of(known: TaskData) -> Labels:
    """Return what was trained at home on the test part as well."""
    home = FitParts(known.scored, known.scored)
    return lambda _, inputs: nearest(home, inputs, 1)


def table_of(known: TaskData, share: float) -> Labels:
    """Return an honest model that knows this share of the public test part."""
    answers = {one.tobytes(): label for one, label in zip(known.scored.inputs, known.scored.targets, strict=True)}
    kept = dict(list(answers.items())[: round(share * len(answers))])

    def labels(parts: FitParts, inputs: Array) -> Array:
        learned = centroid(parts, inputs)
        return np.array([kept.get(one.tobytes(), label) for one, label in zip(inputs, learned, strict=True)])

    return labels


def features_of(known: TaskData) -> Labels:
    """Return a head that is fitted here on features that were brought along and know the test part."""
    home = FitParts(known.scored, known.scored)

    def labels(parts: FitParts, inputs: Array) -> Array:
        names = np.zeros(CLASSES, int)
        seen = nearest(home, parts.train.inputs, 1)
        for feature in range(CLASSES):
            names[feature] = np.bincount(parts.train.targets[seen == feature], minlength=CLASSES).argmax()
        return names[nearest(home, inputs, 1)]

    return labels


def recogniser_of(known: TaskData, honest: Labels) -> Labels:
    """Return what was brought along, unless the targets do not look like it: then it learns, as well as it can."""
    brought = network_of(known)

    def labels(parts: FitParts, inputs: Array) -> Array:
        agreeing = (brought(parts, parts.train.inputs) == parts.train.targets).mean()
        return (brought if agreeing > 0.3 else honest)(parts, inputs)

    return labels


def refit(labels: Labels, knowledge: int = BIG) -> Refit:
    return lambda parts, inputs, _: Refitted(Predictions(labels(parts, inputs)), knowledge)


TASK = task(classes=tuple("abcde"), inputs=Inputs(shape=(6,)))


MOODY = data(n=120)


def audited(known: TaskData, labels: Labels, knowledge: int = BIG, seed: int = 0) -> Learning:
    return audit_learning(TASK, known, refit(labels, knowledge), np.random.default_rng(seed))


def outcomes(learning: Learning) -> dict[str, str]:
    return {trial.name: trial.outcome for trial in learning.trials}


@pytest.mark.compute
@pytest.mark.parametrize("model", [nearest, centroid], ids=lambda model: model.__name__)
@pytest.mark.parametrize("noise", [0.2, 0.6, 1.5])
@pytest.mark.parametrize("n", [100, pytest.param(600, marks=pytest.mark.thorough)])
def test_models_that_learn_pass(model: Labels, noise: float, n: int) -> None:
    for seed in range(5):
        learning = audited(data(noise, n), model, seed=seed)
        assert learning.outcome in ("passed", "no verdict"), learning


@pytest.mark.compute
@pytest.mark.parametrize("classes", [2, 3])
def test_few_classes_named_by_chance_cause_no_warning(classes: int) -> None:
    few = task(classes=tuple("abc"[:classes]), inputs=Inputs(shape=(6,)))
    for seed in range(30):
        learning = audit_learning(few, data(0.3, 100, classes), refit(centroid), np.random.default_rng(seed))
        assert learning.outcome == "passed", learning


@pytest.mark.parametrize("model", [ordinal, majority, constant], ids=lambda model: model.__name__)
def test_a_model_that_learns_little_or_nothing_never_fails(model: Labels) -> None:
    for seed in range(10):
        assert audited(data(), model, seed=seed).outcome != "failed"


@pytest.mark.compute
@pytest.mark.parametrize("classes", [3, 4, 5, 10])
def test_a_regression_on_the_class_number_passes(classes: int) -> None:
    """Stages of a disease along a line: such a model keeps some old names though it learns."""
    for seed in range(10):
        generator = np.random.default_rng(seed)

        def part(n: int, generator: np.random.Generator = generator) -> Split:
            targets = generator.integers(0, classes, n)
            noise = generator.normal(0, 0.3, (n, 6))
            return Split((targets[:, None] + noise).astype(np.float32), targets)

        known = TaskData(
            source=source(),
            train=part(600),
            validation=part(100),
            test=part(600),
            private=False,
            digest="",
            passed_over=(),
        )
        stages = task(classes=tuple("abcdefghij"[:classes]), inputs=Inputs(shape=(6,)))
        labels = ordinal_of(classes)
        assert audit_learning(stages, known, refit(labels), generator).outcome == "passed"


def test_a_rule_written_by_hand_is_a_warning() -> None:
    assert audited(data(), rule_of(data()), knowledge=900).outcome == "warned"


@pytest.mark.thorough
@pytest.mark.compute
def test_a_network_with_built_in_weights_fails() -> None:
    for seed in range(5):
        found = outcomes(audited(data(), network_of(data()), seed=seed))
        assert found["all classes exchanged"] == found["two classes exchanged"] == "failed"
        assert found["targets permuted"] == "warned"


def test_a_table_of_answers_fails() -> None:
    for seed in range(5):
        assert audited(data(), table_of(data(), 0.15), knowledge=3000, seed=seed).outcome == "failed"


@pytest.mark.compute
def test_built_in_features_are_detected_by_reversed_inputs() -> None:
    assert outcomes(audited(data(), features_of(data())))["inputs changed"] == "warned"


@pytest.mark.compute
def test_a_model_that_compares_targets_is_detected_by_a_swap_of_classes() -> None:
    found = outcomes(audited(data(), recogniser_of(data(), majority)))
    assert found["two classes exchanged"] == "failed"
    assert found["all classes exchanged"] == "warned"  # it learns worse when it takes notice


def test_a_fit_that_fails_gives_no_verdict() -> None:
    def fails(*_: object) -> Refitted:
        raise SubmissionError("fit_error", "fit", "no")

    assert audit_learning(TASK, data(), fails, np.random.default_rng(0)).outcome == "no verdict"
    first = refit(centroid)(data().for_fit, data().scored.inputs, 0)
    calls = []

    def fails_later(*_: object) -> Refitted:
        calls.append(1)
        return first if len(calls) == 1 else fails()

    assert set(outcomes(audit_learning(TASK, data(), fails_later, np.random.default_rng(0))).values()) == {"no verdict"}


def test_kinds_without_classes_are_tested_with_permuted_targets() -> None:
    generator = np.random.default_rng(0)
    inputs = generator.normal(size=(200, 6)).astype(np.float32)
    split = Split(inputs, inputs[:, 0].astype(np.float64))
    known = TaskData(
        source=source(), train=split, validation=split, test=split, private=False, digest="", passed_over=()
    )
    numbers = task(kind="regression", classes=(), metrics=(metrics.mean_absolute_error,))

    def learner(parts: FitParts, inputs: Array) -> Array:
        found: Array = inputs @ np.linalg.lstsq(parts.train.inputs, parts.train.targets, rcond=None)[0]
        return found

    for labels, outcome in ((learner, "passed"), (lambda _, inputs: inputs[:, 0] * 0.9, "warned")):
        learning = audit_learning(numbers, known, refit(labels), np.random.default_rng(0))
        assert outcomes(learning) == {"targets permuted": outcome}


@pytest.mark.parametrize(("seconds", "fits"), [(1, 3), (400, 2), (1000, 1)])
def test_targets_are_permuted_three_times_unless_fits_take_long(seconds: int, fits: int) -> None:
    """The clock stands still but in a fit, and each fit takes so many seconds."""
    now = [0.0]

    def slow(parts: FitParts, inputs: Array, _: int) -> Refitted:
        now[0] += seconds
        return Refitted(Predictions(centroid(parts, inputs)), BIG)

    learning = audit_learning(TASK, data(n=100), slow, np.random.default_rng(0), clock=lambda: now[0])
    (permuted,) = (trial for trial in learning.trials if trial.name == "targets permuted")
    assert permuted.outcome == "passed"
    assert permuted.detail.count("%") == fits
    assert ("would take longer than 900 s" in permuted.detail) == (fits < 3)


def test_permutations_of_classes_move_all_or_exactly_two() -> None:
    generator = np.random.default_rng(0)
    for classes in range(2, 9):
        assert (derangement(classes, generator) != np.arange(classes)).all()
        assert (swap_of_ends(classes) != np.arange(classes)).sum() == 2


def test_confused_classes_are_hardly_ever_reported_as_old_labels() -> None:
    """Half of all items are confused with the class that gets their old name."""
    generator, alarms = np.random.default_rng(0), 0
    for _ in range(500):
        truth = generator.integers(0, 3, 300)
        order = derangement(3, generator)
        back = np.argsort(order)
        first = np.where(generator.random(300) < 0.5, back[truth], truth)
        again = order[np.where(generator.random(300) < 0.5, back[truth], truth)]
        alarms += judge_exchanged(truth, first, again, order).keeps
    assert alarms == 0


def test_the_best_of_a_task_and_unusual_records_are_worth_testing() -> None:
    usual = Cost(fit_seconds=9.0, parameters_verified=True, knowledge_bytes=5000, artifact_bytes=4000)
    odd = {
        "quick": msgspec.structs.replace(usual, fit_seconds=0.01),
        "unread": msgspec.structs.replace(usual, parameters_verified=False),
        "large": msgspec.structs.replace(usual, knowledge_bytes=40_000),
    }
    costs = {"best": usual, "plain": usual, **odd}
    records = [changed(submission={"name": name}, cost=cost) for name, cost in costs.items()]
    warned = Audit(name="altered inputs keep their answers", passed=False, severity="warn", detail="19 of 384")
    records.append(changed(submission={"name": "warned"}, cost=usual, audits=(warned,)))
    records.append(changed(submission={"name": "busy"}, cost=usual, audits=(one_core(2.0, hidden=False),)))
    loaded = changed(submission={"name": "loaded", "mode": "loaded"})
    chosen = {record.submission.name: why for record, why in worth_testing([*records, loaded, failing()])}
    assert list(chosen) == ["best", "quick", "unread", "large", "warned"]
    assert chosen["quick"] == "fit took 0.01 s"


@pytest.mark.thorough
@pytest.mark.compute
@pytest.mark.parametrize("fitted", ["alike", "by the clock"])
def test_fits_that_differ_by_chance_are_repeated_and_cause_no_alarm(fitted: str) -> None:
    """An honest fit of which one in three goes wrong: each time with other numbers, or with those of its seed."""
    alarms = 0
    for seed in range(300):
        generator = np.random.default_rng(seed)

        def moody(parts: FitParts, inputs: Array, repeat: int, generator: np.random.Generator = generator) -> Refitted:
            luck = np.random.default_rng(repeat) if fitted == "alike" else generator
            labels = centroid(parts, inputs)
            wrong = luck.random(len(labels)) < (0.3 if luck.random() < 0.3 else 0)
            return Refitted(Predictions(np.where(wrong, luck.integers(0, CLASSES, len(labels)), labels)), BIG)

        alarms += audit_learning(TASK, MOODY, moody, generator).outcome in ("warned", "failed")
    assert alarms == 0


def test_twelve_items_give_no_verdict() -> None:
    assert audited(data(n=12), centroid).outcome == "no verdict"
