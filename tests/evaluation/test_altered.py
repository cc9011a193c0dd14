"""Answers that rest on the exact input are lost when it is altered; an honest model's are not, whatever its score."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from harness import Split, metrics
from harness.contract import Predictions
from harness.evaluation import _altered
from harness.evaluation._altered import PART, WHOLE, Altering, ask_altered
from harness.evaluation._answers import altered_inputs_keep_answers
from harness.record import Audit
from tests.declared import task

pytestmark = pytest.mark.unit


@pytest.fixture(autouse=True)
def same_draws(monkeypatch: pytest.MonkeyPatch) -> None:
    """Items are altered by draws that nobody foresees; here each test meets its own again."""
    seeds = itertools.count()
    monkeypatch.setattr(_altered, "secret_generator", lambda: np.random.default_rng(next(seeds)))


Array = np.ndarray[Any, Any]
TASK = task("altered", perturb=lambda one, _: one)


def jitter(one: Array, generator: np.random.Generator, size: float = 0.02) -> Array:
    return (one + generator.normal(0, size, one.shape)).astype(one.dtype)


def part(n: int, seed: int, noise: float = 0.3) -> Split:
    """Return points on a line whose sign is their label, but for noise."""
    generator = np.random.default_rng(seed)
    inputs = generator.normal(0, 1, (n, 2)).astype(np.float32)
    return Split(inputs, (inputs[:, 0] + generator.normal(0, noise, n) > 0).astype(np.int64))


def by_sign(inputs: Array) -> Predictions:
    return Predictions((inputs[:, 0] > 0).astype(np.int64))


def topped_up(truth: Split, share: float) -> Callable[[Array], Predictions]:
    """Return a model that knows this share of all items, out of those it gets wrong, by their bytes."""
    wrong = np.flatnonzero(by_sign(truth.inputs).values != truth.targets)[: round(share * len(truth))]
    known = {truth.inputs[item].tobytes(): truth.targets[item] for item in wrong}

    def predict(inputs: Array) -> Predictions:
        labels = by_sign(inputs).values
        return Predictions(np.array([known.get(one.tobytes(), label) for one, label in zip(inputs, labels)]))  # noqa: B905 - of one length

    return predict


def asking(inputs: Array, predict: Callable[[Array], Predictions], **other: Any) -> Altering:
    usual = {"kind": "classification", "perturb": jitter, "batch": 64, "right_or_wrong": True}
    return Altering(inputs=inputs, predict=predict, **(usual | other))


def audited(truth: Split, predict: Callable[[Array], Predictions], seconds: float = 60) -> Audit:
    altering = asking(truth.inputs, predict)
    scored = predict(truth.inputs)
    return altered_inputs_keep_answers(TASK, truth, scored, ask_altered(altering, scored, seconds))


@pytest.mark.parametrize(("n", "share"), [(2000, 0.02), (2000, 0.045), (400, 0.03), (120, 0.09)])
def test_a_table_for_few_inputs_is_seen(n: int, share: float) -> None:
    for seed in range(10):
        truth = part(n, seed)
        audit = audited(truth, topped_up(truth, share))
        assert (audit.passed, audit.severity) == (False, "fail")
        assert f"of {n} items are answered rightly as they are" in audit.detail


@pytest.mark.parametrize("noise", [0.0, 0.3, 3.0])
def test_honest_models_are_near_symmetry_whatever_their_score(noise: float) -> None:
    assert all(audited(part(400, seed, noise), by_sign).passed for seed in range(50))


def test_a_model_that_the_jitter_costs_much_is_no_table() -> None:
    """Every answer rests on digits that the jitter changes: as often right as it is as whenever it is altered."""

    def of_digits(inputs: Array) -> Predictions:
        return Predictions((inputs[:, 0] * 50 % 1 > 0.5).astype(np.int64))

    assert all(audited(part(400, seed), of_digits).passed for seed in range(20))


def test_only_items_whose_answer_changed_are_asked_again() -> None:
    truth, asked = part(300, 0), []

    def predict(inputs: Array) -> Predictions:
        asked.append(len(inputs))
        return by_sign(inputs)

    altering = asking(truth.inputs, predict, perturb=lambda one, generator: jitter(one, generator, 0.2))
    found = ask_altered(altering, by_sign(truth.inputs), 60)
    assert sorted(found.once.items) == list(range(300))
    assert 0 < len(found.changed) < 38
    assert len(found.again) == WHOLE + PART
    assert sum(asked) == 300 + len(found.changed) * (WHOLE + PART)
    assert len(ask_altered(altering, by_sign(truth.inputs), 0).once.items) == 64


def test_whole_numbers_are_altered_wholly_or_not_at_all() -> None:
    inputs = np.full((8, 2), 7, np.uint8)
    seen: list[Array] = []

    def predict(given: Array) -> Predictions:
        seen.append(given)
        return Predictions(np.ones(len(given), np.int64))

    def add(one: Array, _: np.random.Generator) -> Array:
        return one + np.uint8(1)

    altering = asking(inputs, predict, perturb=add, batch=8)
    ask_altered(altering, Predictions(np.zeros(8, np.int64)), 60)
    assert {(given.dtype, int(value)) for given in seen for value in given.flat} == {(np.dtype(np.uint8), 8)}


def test_kinds_without_right_and_wrong_say_so() -> None:
    numbers = task(
        kind="regression", classes=(), metrics=(metrics.mean_absolute_error,),
        sources=TASK.sources, perturb=lambda one, _: one,
    )  # fmt: skip
    truth = Split(np.zeros((9, 2), np.float32), np.zeros(9))
    scored = Predictions(np.zeros(9))
    altering = asking(truth.inputs, lambda _: scored, kind="regression", right_or_wrong=False)
    audit = altered_inputs_keep_answers(numbers, truth, scored, ask_altered(altering, scored, 1))
    assert (audit.passed, audit.severity) == (True, "warn")
