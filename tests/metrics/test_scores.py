"""What is computed from scores: AUC, log loss, calibration error, against scikit-learn and by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import harness
from harness import metrics
from harness.contract import Predictions
from harness.errors import SubmissionError
from harness.evaluation._score import score
from harness.kinds import probabilities
from tests.declared import source
from tests.declared import task as make_task

pytestmark = pytest.mark.compute


def softmax(rows: np.ndarray) -> np.ndarray:
    powers = np.exp(rows - rows.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def predictions(scores: np.ndarray) -> Predictions:
    return Predictions(scores.argmax(axis=1), scores)


@st.composite
def judged(draw: st.DrawFn, classes: int | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Targets in which every class occurs, and a row of probabilities for each, with ties."""
    count = draw(st.integers(2, 5)) if classes is None else classes
    more = draw(st.lists(st.integers(0, count - 1), max_size=40))
    targets = np.array([*range(count), *more])
    seed, levels = draw(st.integers(0, 2**32 - 1)), draw(st.integers(2, 12))
    weights = np.random.default_rng(seed).integers(1, levels + 1, (len(targets), count)).astype(float)
    return targets, weights / weights.sum(axis=1, keepdims=True)


# AUC


@given(judged(2))
def test_auc_of_two_classes_is_that_of_scikit_learn(given_: tuple[np.ndarray, np.ndarray]) -> None:
    import sklearn.metrics

    targets, rows = given_
    expected = sklearn.metrics.roc_auc_score(targets, rows[:, 1])
    assert metrics.auc.compute(targets, predictions(rows)) == pytest.approx(expected, abs=1e-12)


@given(judged())
def test_auc_of_many_classes_is_one_against_the_rest_as_in_scikit_learn(given_: tuple[np.ndarray, np.ndarray]) -> None:
    import sklearn.metrics

    targets, rows = given_
    assume(rows.shape[1] > 2)
    expected = sklearn.metrics.roc_auc_score(targets, rows, multi_class="ovr", average="macro")
    assert metrics.auc.compute(targets, predictions(rows)) == pytest.approx(expected, abs=1e-12)


def test_auc_counts_ties_as_one_half() -> None:
    targets = np.array([0, 0, 1, 1])
    nothing_known = predictions(np.full((4, 2), 0.5))
    assert metrics.auc.compute(targets, nothing_known) == 0.5
    one_tie = predictions(np.array([[0.8, 0.2], [0.5, 0.5], [0.5, 0.5], [0.1, 0.9]]))
    assert metrics.auc.compute(targets, one_tie) == pytest.approx(3.5 / 4)


def test_auc_is_1_for_a_perfect_order_and_0_for_its_reverse() -> None:
    targets = np.array([0, 1, 2, 2])
    right = np.eye(3)[targets]
    assert metrics.auc.compute(targets, predictions(right)) == 1
    assert metrics.auc.compute(targets, predictions((1 - right) / 2)) == 0


def test_auc_is_over_the_classes_that_occur() -> None:
    import sklearn.metrics

    targets = np.array([0, 1, 1])
    rows = softmax(np.random.default_rng(0).normal(size=(3, 4)))
    expected = np.mean([sklearn.metrics.roc_auc_score(targets == label, rows[:, label]) for label in (0, 1)])
    assert metrics.auc.compute(targets, predictions(rows)) == pytest.approx(expected)
    assert metrics.auc.compute(np.array([2, 2, 2]), predictions(rows)) == 0.5


def test_auc_of_a_networks_raw_outputs_is_that_of_their_softmax() -> None:
    import sklearn.metrics

    generator = np.random.default_rng(0)
    targets, logits = generator.integers(0, 2, 200), generator.normal(size=(200, 2))
    expected = sklearn.metrics.roc_auc_score(targets, softmax(logits)[:, 1])
    assert metrics.auc.compute(targets, predictions(logits)) == pytest.approx(expected)


# log loss


@given(judged())
def test_log_loss_is_that_of_scikit_learn(given_: tuple[np.ndarray, np.ndarray]) -> None:
    import sklearn.metrics

    targets, rows = given_
    expected = sklearn.metrics.log_loss(targets, rows, labels=list(range(rows.shape[1])))
    assert metrics.log_loss.compute(targets, predictions(rows)) == pytest.approx(expected, rel=1e-9)


@given(st.integers(0, 2**32 - 1))
def test_log_loss_of_raw_outputs_is_that_of_their_softmax(seed: int) -> None:
    import sklearn.metrics

    generator = np.random.default_rng(seed)
    targets, logits = generator.integers(0, 4, 30), generator.normal(0, 5, (30, 4))
    expected = sklearn.metrics.log_loss(targets, softmax(logits), labels=[0, 1, 2, 3])
    assert metrics.log_loss.compute(targets, predictions(logits)) == pytest.approx(expected, rel=1e-6)


def test_log_loss_of_a_certain_mistake_is_large_and_finite() -> None:
    certain = predictions(np.array([[1.0, 0.0]]))
    assert metrics.log_loss.compute(np.array([0]), certain) == 0
    assert 30 < metrics.log_loss.compute(np.array([1]), certain) < np.inf


# resamples


@given(judged(), st.integers(0, 2**32 - 1))
def test_a_resample_equals_the_metric_on_the_same_items(given_: tuple[np.ndarray, np.ndarray], seed: int) -> None:
    (targets, rows), generator = given_, np.random.default_rng(seed)
    items = generator.integers(0, len(targets), len(targets))
    for metric in (metrics.auc, metrics.log_loss, metrics.calibration_error):
        assert metric.resampler is not None
        found = metric.resampler(targets, predictions(rows))(items)
        assert found == pytest.approx(metric.compute(targets[items], predictions(rows[items])), abs=1e-12)


# probabilities


@given(judged())
def test_rows_that_sum_to_one_are_left_as_they_are(given_: tuple[np.ndarray, np.ndarray]) -> None:
    _, rows = given_
    assert (probabilities(rows) == rows).all()
    assert (probabilities(rows.astype(np.float32)) == rows.astype(np.float32)).all()


def test_half_precision_probabilities_are_probabilities() -> None:
    rows = softmax(np.random.default_rng(0).normal(size=(50, 10))).astype(np.float16)
    assert (probabilities(rows) == rows).all()


@given(st.integers(0, 2**32 - 1), st.sampled_from([1, 30, 1000]))
def test_other_rows_are_softmaxed_however_large_they_are(seed: int, scale: int) -> None:
    rows = np.random.default_rng(seed).normal(0, scale, (6, 3))
    found = probabilities(rows)
    assert found == pytest.approx(softmax(rows))
    assert found.sum(axis=1) == pytest.approx(np.ones(6))
    assert ((found >= 0) & (found <= 1)).all()


def test_rows_that_sum_to_one_with_a_negative_number_are_not_probabilities() -> None:
    rows = np.array([[1.5, -0.5], [0.5, 0.5]])
    assert probabilities(rows) == pytest.approx(softmax(rows))


# calibration error


def expected_calibration_error(targets: np.ndarray, rows: np.ndarray) -> float:
    """Equation 3 of Guo et al. 2017, bin by bin and item by item."""
    total = 0.0
    for number in range(15):
        low, high = number / 15, (number + 1) / 15
        members = [
            (max(row), list(row).index(max(row)) == target)
            for target, row in zip(targets.tolist(), rows.tolist(), strict=True)
            if low < max(row) <= high
        ]
        if members:
            confidence = sum(sure for sure, _ in members) / len(members)
            accuracy = sum(right for _, right in members) / len(members)
            total += len(members) / len(targets) * abs(accuracy - confidence)
    return total


@given(st.integers(0, 2**32 - 1), st.integers(1, 60), st.integers(2, 6), st.floats(0.1, 20))
def test_calibration_error_follows_its_definition(seed: int, n: int, classes: int, sharpness: float) -> None:
    generator = np.random.default_rng(seed)
    rows = softmax(generator.normal(0, sharpness, (n, classes)))
    targets = generator.integers(0, classes, n)
    edges = rows.max(axis=1) * 15
    assume((abs(edges - edges.round()) > 1e-9).all())  # on an edge the definitions in use differ
    expected = expected_calibration_error(targets, rows)
    assert metrics.calibration_error.compute(targets, predictions(rows)) == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize(
    ("confidences", "right", "error"),
    [
        pytest.param([0.9] * 4, [1, 1, 1, 0], 0.15, id="one-bin-too-sure"),
        pytest.param([0.7] * 4, [1, 1, 1, 1], 0.3, id="one-bin-too-modest"),
        pytest.param([1.0] * 3, [1, 1, 1], 0.0, id="sure-and-right"),
        pytest.param([1.0] * 3, [0, 0, 0], 1.0, id="sure-and-wrong"),
        pytest.param([0.75] * 4, [1, 1, 1, 0], 0.0, id="calibrated"),
        pytest.param([0.9] * 2 + [0.7] * 2, [0, 1, 1, 1], (0.4 + 0.3) / 2, id="bins-do-not-cancel-out"),
        pytest.param([0.9] * 3 + [0.7], [1, 1, 0, 1], 0.75 * (0.9 - 2 / 3) + 0.25 * 0.3, id="weighted-by-items"),
        pytest.param([0.9, 0.89], [1, 0], abs((0.9 + 0.89) / 2 - 0.5), id="two-in-a-bin"),
    ],
)
def test_calibration_error_of_examples_worked_by_hand(confidences: list[float], right: list[int], error: float) -> None:
    rows = np.array([[1 - sure, sure] for sure in confidences])
    assert metrics.calibration_error.compute(np.array(right), predictions(rows)) == pytest.approx(error)


def test_a_confidence_that_rounding_lifts_above_one_stays_in_the_last_bin() -> None:
    assert metrics.calibration_error.compute(np.array([1]), predictions(np.array([[0, 1.0005]]))) < 0.001


# which of them are computed

TARGETS = np.random.default_rng(3).integers(0, 3, 90)
ROWS = softmax(np.random.default_rng(4).normal(size=(90, 3)) + 2 * np.eye(3)[TARGETS])
TRUTH = harness.Split(np.zeros((90, 1), np.float32), TARGETS)


def task(*declared: harness.Metric) -> harness.Task:
    inputs = harness.Inputs(shape=(1,))
    return make_task(
        inputs=inputs, classes=("a", "b", "c"), sources=(source(baseline=0, part=TRUTH),), metrics=declared
    )


def names(wanted: harness.Task, given_: Predictions) -> list[str]:
    return [found.name for found in score(wanted, TRUTH, given_).scores]


def test_a_classifier_that_gives_scores_gets_three_more_metrics() -> None:
    import sklearn.metrics

    declared = task(metrics.accuracy, metrics.macro_f1)
    assert names(declared, predictions(ROWS)) == ["accuracy", "macro_f1", "auc", "log_loss", "calibration_error"]
    found = {figure.name: figure for figure in score(declared, TRUTH, predictions(ROWS)).scores}
    assert found["auc"].value == pytest.approx(sklearn.metrics.roc_auc_score(TARGETS, ROWS, multi_class="ovr"))
    assert found["log_loss"].value == pytest.approx(sklearn.metrics.log_loss(TARGETS, ROWS))
    assert (found["log_loss"].unit, found["log_loss"].higher_is_better) == ("nats", False)
    assert found["auc"].higher_is_better
    assert not found["calibration_error"].higher_is_better
    assert [figure.primary for figure in score(declared, TRUTH, predictions(ROWS)).scores] == [True] + [False] * 4
    assert all(found[name].low <= found[name].high for name in found)
    assert all(found[name].low <= found[name].value <= found[name].high for name in ("auc", "log_loss"))


def test_a_classifier_that_gives_labels_gets_the_declared_ones_alone() -> None:
    labels = Predictions(ROWS.argmax(axis=1))
    assert names(task(metrics.accuracy, metrics.macro_f1), labels) == ["accuracy", "macro_f1"]
    assert names(task(metrics.accuracy, metrics.auc), labels) == ["accuracy"]


def test_a_declared_metric_of_scores_keeps_its_place_and_comes_once() -> None:
    declared = task(metrics.accuracy, metrics.log_loss)
    assert names(declared, predictions(ROWS)) == ["accuracy", "log_loss", "auc", "calibration_error"]
    assert names(task(metrics.auc), predictions(ROWS)) == ["auc", "log_loss", "calibration_error"]


@pytest.mark.parametrize(
    "primary", (metrics.auc, metrics.log_loss, metrics.calibration_error), ids=lambda metric: metric.name
)
def test_labels_are_refused_where_the_primary_metric_needs_scores(primary: harness.Metric) -> None:
    with pytest.raises(SubmissionError, match=rf"{primary.name} is computed from scores: return \(N, 3\)") as caught:
        score(task(primary, metrics.accuracy), TRUTH, Predictions(TARGETS))
    assert (caught.value.kind, caught.value.phase) == ("bad_predictions", "predict")
