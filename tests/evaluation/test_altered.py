"""Models that look answers up by the exact input fail on altered inputs; honest models pass whatever their score."""

from __future__ import annotations

import itertools
import zlib
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from harness import Inputs, Split, Task, metrics
from harness.contract import Predictions
from harness.evaluation import _altered
from harness.evaluation._altered import STRENGTHS, AlterationSetup, ask_altered
from harness.evaluation._answers import (
    altered_inputs_keep_answers,
    altered_inputs_score_as_well,
    item_loss_where_graded,
)
from harness.evaluation._measure import Answered
from harness.kinds import KINDS
from harness.record import Audit
from tests.declared import task


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


def asking(truth: Split, predict: Callable[[Array], Predictions], **other: Any) -> AlterationSetup:
    usual = {"kind": KINDS["classification"], "perturb": jitter, "batch": 64}
    return AlterationSetup(inputs=truth.inputs, targets=truth.targets, predict=predict, **(usual | other))


def audited(truth: Split, predict: Callable[[Array], Predictions], seconds: float = 60) -> Audit:
    altering = asking(truth, predict)
    scored = predict(truth.inputs)
    return altered_inputs_keep_answers(TASK, truth, scored, ask_altered(altering, scored, seconds))


@pytest.mark.compute
@pytest.mark.parametrize(("n", "share"), [(2000, 0.02), (2000, 0.045), (400, 0.03), (120, 0.09)])
def test_a_lookup_table_for_few_inputs_is_detected(n: int, share: float) -> None:
    for seed in range(10):
        truth = part(n, seed)
        audit = audited(truth, topped_up(truth, share))
        assert (audit.passed, audit.severity) == (False, "fail")
        assert f"of {n} items are answered rightly as they are" in audit.detail


@pytest.mark.compute
@pytest.mark.parametrize("offset", [0, 1e7])
def test_scores_far_from_zero_do_not_hide_a_lookup_table(offset: float) -> None:
    """Rounding could explain any difference of such scores."""

    def with_scores(predict: Callable[[Array], Predictions]) -> Callable[[Array], Predictions]:
        def scored(inputs: Array) -> Predictions:
            labels = predict(inputs).values
            return Predictions(labels, offset + np.eye(2)[labels])

        return scored

    for seed in range(5):
        truth = part(400, seed)
        assert audited(truth, with_scores(by_sign)).passed
        audit = audited(truth, with_scores(topped_up(truth, 0.03)))
        assert (audit.passed, audit.severity) == (False, "fail")


def table_of(truth: Split) -> dict[bytes, Any]:
    """Return the target of each input."""
    return {one.tobytes(): target for one, target in zip(truth.inputs, truth.targets, strict=True)}


@pytest.mark.compute
@pytest.mark.parametrize(("given_up", "outcome"), [(0.0, "fail"), (0.03, "fail"), (0.06, "warn")])
def test_answers_that_are_given_up_do_not_hide_a_lookup_table(given_up: float, outcome: str) -> None:
    """For each item that the table gets right, another one is wrong unless it is altered; the score still rises."""
    for seed in range(5):
        truth = part(2000, seed)
        table, right = topped_up(truth, 0.08), by_sign(truth.inputs).values == truth.targets
        spoilt = {truth.inputs[item].tobytes() for item in np.flatnonzero(right)[: round(given_up * len(truth))]}

        def predict(inputs: Array, table: Any = table, spoilt: set[bytes] = spoilt) -> Predictions:
            flipped = np.array([one.tobytes() in spoilt for one in inputs])
            return Predictions(table(inputs).values ^ flipped)

        assert (predict(truth.inputs).values == truth.targets).mean() > right.mean() + 0.015
        audit = audited(truth, predict)
        assert (audit.passed, audit.severity) == (False, outcome), audit.detail


@pytest.mark.compute
def test_random_answers_to_unknown_inputs_do_not_hide_a_lookup_table() -> None:
    """Where the model is in doubt, a table knows the items; altered ones are right at least once in nine times."""
    for seed in range(5):
        truth = part(2000, seed)
        known = table_of(truth)

        def predict(inputs: Array, known: dict[bytes, Any] = known) -> Predictions:
            labels = by_sign(inputs).values
            for place in np.flatnonzero(np.abs(inputs[:, 0]) < 0.1):
                raw = inputs[place].tobytes()
                labels[place] = known.get(raw, zlib.crc32(raw) & 1)
            return Predictions(labels)

        audit = audited(truth, predict)
        assert not audit.passed
        assert "both when they are altered and when they are altered slightly" in audit.detail


@pytest.mark.compute
@pytest.mark.parametrize("noise", [0.0, 0.3, 3.0])
def test_honest_models_are_near_symmetry_whatever_their_score(noise: float) -> None:
    assert all(audited(part(400, seed, noise), by_sign).passed for seed in range(50))


def test_a_model_that_loses_much_by_jitter_is_not_a_lookup_table() -> None:
    """Every answer rests on digits that the jitter changes: as often right as it is as whenever it is altered."""

    def of_digits(inputs: Array) -> Predictions:
        return Predictions((inputs[:, 0] * 50 % 1 > 0.5).astype(np.int64))

    assert all(audited(part(400, seed), of_digits).passed for seed in range(20))


def test_items_are_asked_again_only_as_long_as_their_answer_changes() -> None:
    truth, asked = part(300, 0), list[int]()

    def predict(inputs: Array) -> Predictions:
        asked.append(len(inputs))
        return by_sign(inputs)

    altering = asking(truth, predict, perturb=lambda one, generator: jitter(one, generator, 0.2))
    found = ask_altered(altering, by_sign(truth.inputs), 60)
    assert sorted(found.once.items) == list(range(300))
    assert len(found.changed) == len(by_sign(truth.inputs).take(found.changed)) < 4
    assert 300 < sum(asked) < 360


def test_as_many_items_are_altered_as_the_time_allows() -> None:
    """The model takes an eighth of a second an item by a clock that only it moves."""
    truth, now, asked = part(300, 0), [0.0], list[int]()

    def slow(inputs: Array) -> Predictions:
        now[0] += len(inputs) / 8
        asked.append(len(inputs))
        return by_sign(inputs)

    scored = by_sign(truth.inputs)
    for seconds, expected in ((0, [30]), (5, [30, 30]), (25, [30, 128, 42]), (60, [30, 128, 128, 14])):
        asked.clear()
        found = ask_altered(asking(truth, slow, batch=128), scored, seconds, lambda: now[0])
        assert asked[: len(expected)] == expected
        assert len(found.once.items) == sum(expected)
    few = part(24, 0)
    assert len(ask_altered(asking(few, slow), by_sign(few.inputs), 0, lambda: now[0]).once.items) == 8


def test_answers_that_change_every_time_are_asked_for_nine_times() -> None:
    truth, asked = part(300, 0), list[int]()

    def predict(inputs: Array) -> Predictions:
        asked.append(len(inputs))
        known = {one.tobytes() for one in truth.inputs}
        return Predictions(np.array([one.tobytes() in known for one in inputs], np.int64))

    found = ask_altered(asking(truth, predict), predict(truth.inputs), 60)
    assert len(found.again) == len(STRENGTHS)
    assert {len(answers) for answers in found.again} == {len(found.changed)} == {21}
    assert not np.any([answers.values for answers in found.again])
    assert sum(asked[1:]) <= 3 * 300


def on_a_line(n: int, seed: int) -> Split:
    """Return points of two classes whose second number is always 0, as the margin of a picture is."""
    truth = part(n, seed)
    inputs = truth.inputs.copy()
    inputs[:, 1] = 0
    return Split(inputs, truth.targets)


def breaks_off_the_line(inputs: Array) -> Predictions:
    """Naive Bayes whose variance of the second number is next to nothing: any change there decides the class."""
    return Predictions(np.where(np.abs(inputs[:, 1]) > 1e-6, inputs[:, 1] < 0, inputs[:, 0] > 0).astype(np.int64))


@pytest.mark.compute
def test_a_model_that_breaks_off_the_data_is_only_warned() -> None:
    found = [audits_of(on_a_line(400, seed), breaks_off_the_line) for seed in range(10)]
    assert {audit.severity for both in found for audit in both if not audit.passed} == {"warn"}
    assert all("mixed with a little of other items they keep their answers" in both[0].detail for both in found)


@pytest.mark.compute
def test_a_table_fails_whatever_it_does_off_the_data() -> None:
    for seed in range(5):
        truth = on_a_line(400, seed)
        known = table_of(truth)

        def table(inputs: Array, known: dict[bytes, Any] = known) -> Predictions:
            return Predictions(np.array([known.get(one.tobytes(), 0) for one in inputs]))

        assert [(audit.passed, audit.severity) for audit in audits_of(truth, table)] == [(False, "fail")] * 2


def audits_of(truth: Split, predict: Callable[[Array], Predictions]) -> list[Audit]:
    """Return the audit of the score and that of single answers."""
    declared, scored = task("altered", perturb=lambda one, _: one, perturb_cost=0.05), predict(truth.inputs)
    altered = ask_altered(asking(truth, predict), scored, 60)
    as_well = altered_inputs_score_as_well(declared, truth, scored, altered.once, altered)
    assert as_well is not None
    return [as_well, altered_inputs_keep_answers(declared, truth, scored, altered)]


def test_what_only_the_timed_worker_gets_wrong_is_not_excused() -> None:
    """Mixed items were asked where it is scored; there it answers altered ones as well."""
    truth = part(400, 0)
    declared, scored = task("altered", perturb=lambda one, _: one, perturb_cost=0.05), by_sign(truth.inputs)
    altered = ask_altered(asking(truth, by_sign), scored, 60)
    guessed = Answered(np.arange(400), Predictions(np.zeros(400, np.int64)))
    audit = altered_inputs_score_as_well(declared, truth, scored, guessed, altered)
    assert audit is not None
    assert (audit.passed, audit.severity) == (False, "fail")


def test_mixed_items_differ_from_their_own_and_look_like_their_class() -> None:
    inputs = np.array([[0, 5, 9], [0, 7, 9], [3, 5, 9], [3, 9, 9]], np.uint8)
    seen: list[Array] = []

    def predict(given: Array) -> Predictions:
        seen.append(given)
        return Predictions(np.ones(len(given), np.int64))

    truth = Split(inputs, np.array([0, 0, 1, 1]))
    altering = asking(truth, predict, perturb=lambda one, _: one + np.uint8(1))
    mixed = ask_altered(altering, Predictions(np.zeros(4, np.int64)), 60).mixed
    assert mixed is not None
    by_item = dict(zip(mixed.items.tolist(), seen[-1].tolist(), strict=True))
    assert by_item == {0: [0, 7, 9], 1: [0, 5, 9], 2: [3, 9, 9], 3: [3, 5, 9]}


def test_integer_inputs_are_altered_in_whole_steps_or_not_at_all() -> None:
    inputs = np.full((8, 2), 7, np.uint8)
    seen: list[Array] = []

    def predict(given: Array) -> Predictions:
        seen.append(given)
        return Predictions(np.ones(len(given), np.int64))

    def add(one: Array, _: np.random.Generator) -> Array:
        return one + np.uint8(1)

    altering = asking(Split(inputs, np.zeros(8, np.int64)), predict, perturb=add, batch=8)
    ask_altered(altering, Predictions(np.zeros(8, np.int64)), 60)
    assert {(given.dtype, int(value)) for given in seen for value in given.flat} == {(np.dtype(np.uint8), 8)}


MASKS = task("masks", kind="segmentation", classes=(), inputs=Inputs(shape=(12, 12)), metrics=(metrics.dice,))
NUMBERS = task("numbers", kind="regression", classes=(), metrics=(metrics.mean_absolute_error,))
SIZE = 12


def numbers_part(n: int, seed: int) -> Split:
    generator = np.random.default_rng(seed)
    inputs = generator.normal(0, 1, (n, 2)).astype(np.float32)
    return Split(inputs, (inputs[:, 0] + generator.standard_t(3, n) * 0.3).astype(np.float64))


def masks_part(n: int, seed: int) -> Split:
    """Return noisy pictures of a square; what is marked is the square, and for some items half of another one."""
    generator = np.random.default_rng(seed)
    masks = np.zeros((n, SIZE, SIZE), np.int64)
    for mask, (row, column) in zip(masks, generator.integers(0, SIZE - 5, (n, 2)), strict=True):
        mask[row : row + 5, column : column + 5] = 1
    inputs = masks + generator.normal(0, 0.3, masks.shape)
    hard = generator.random(n) < 0.1
    masks[hard] = np.roll(masks[hard], 3, axis=1)
    return Split(inputs.astype(np.float32), masks)


def by_first(inputs: Array) -> Predictions:
    return Predictions(inputs[:, 0].astype(np.float64))


def by_threshold(inputs: Array) -> Predictions:
    return Predictions((inputs > 0.5).astype(np.int64))


GRADED: list[tuple[Task, Callable[[int, int], Split], Callable[[Array], Predictions]]] = [
    (NUMBERS, numbers_part, by_first),
    (MASKS, masks_part, by_threshold),
]


def audited_where_graded(declared: Task, truth: Split, predict: Callable[[Array], Predictions], size: float) -> Audit:
    scored = predict(truth.inputs)
    altering = asking(
        truth,
        predict,
        kind=declared.kind_definition,
        perturb=lambda one, generator: jitter(one, generator, size),
        item_loss=item_loss_where_graded(declared.kind_definition, truth.targets, scored),
    )
    return altered_inputs_keep_answers(declared, truth, scored, ask_altered(altering, scored, 60))


@pytest.mark.compute
@pytest.mark.parametrize(("declared", "part_of", "honest"), GRADED, ids=["numbers", "masks"])
@pytest.mark.parametrize("size", [0.02, 0.2])
def test_stored_answers_better_or_worse_than_honest_ones_are_a_warning(
    declared: Task, part_of: Callable[[int, int], Split], honest: Callable[[Array], Predictions], size: float
) -> None:
    for seed in range(5):
        truth = part_of(400, seed)
        item_loss = item_loss_where_graded(declared.kind_definition, truth.targets, honest(truth.inputs))
        assert item_loss is not None
        worst = np.argsort(item_loss(np.arange(400), honest(truth.inputs)))[-20:]
        known = {truth.inputs[item].tobytes(): truth.targets[item] for item in worst}

        def topped(inputs: Array, known: dict[bytes, Any] = known) -> Predictions:
            answers = honest(inputs).values
            return Predictions(np.array([known.get(one.tobytes(), own) for one, own in zip(inputs, answers)]))  # noqa: B905 - of one length

        audit = audited_where_graded(declared, truth, topped, size)
        assert (audit.passed, audit.severity) == (False, "warn")
        assert "of 400 items are answered well as they are and much worse whenever" in audit.detail


@pytest.mark.compute
@pytest.mark.parametrize(("declared", "part_of", "honest"), GRADED, ids=["numbers", "masks"])
@pytest.mark.parametrize("size", [0.02, 0.2, 1.0])
def test_honest_answers_that_are_better_or_worse_pass(
    declared: Task, part_of: Callable[[int, int], Split], honest: Callable[[Array], Predictions], size: float
) -> None:
    for seed in range(20):
        assert audited_where_graded(declared, part_of(200, seed), honest, size).passed


@pytest.mark.compute
def test_boxes_that_come_and_go_with_the_noise_pass() -> None:
    boxes = task("boxes", kind="detection", inputs=Inputs(shape=(8, 8)), metrics=(metrics.mean_average_precision,))
    for seed in range(20):
        generator = np.random.default_rng(seed)
        inputs = generator.normal(0, 1, (80, 8, 8)).astype(np.float32)
        corners = generator.uniform(0, 4, (80, 4, 2))
        targets = [np.c_[some, some + 3, np.zeros(4)] for some in corners]
        place = {one.tobytes(): number for number, one in enumerate(inputs)}

        def predict(
            asked: Array,
            place: dict[bytes, int] = place,
            targets: list[Array] = targets,
            inputs: Array = inputs,
        ) -> Predictions:
            """Find the boxes of the nearest picture, moved by what the noise says; a few are missed."""
            found = []
            for one in asked:
                number = place.get(one.tobytes(), int(((inputs - one) ** 2).sum(axis=(1, 2)).argmin()))
                moved = targets[number][:, :4] + one.ravel()[:16].reshape(4, 4) * 0.4
                found.append(np.c_[moved, np.ones(4), np.zeros(4)])
            return Predictions(found)

        truth = Split(inputs, targets)
        assert audited_where_graded(boxes, truth, predict, 0.3).passed


def test_a_kind_without_a_measure_of_errors_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(type(KINDS["regression"]), "item_loss", lambda *_: None)
    audit = audited_where_graded(NUMBERS, numbers_part(50, 0), by_first, 0.1)
    assert (audit.passed, audit.severity, audit.detail[:12]) == (True, "warn", "not checked:")
