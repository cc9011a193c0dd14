"""Overlap of masks, precision of boxes, and agreement on ordered classes, against scikit-learn and torchmetrics."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import harness
from harness import metrics
from harness.contract import Metric, Predictions
from harness.errors import TaskError
from harness.evaluation._score import score
from tests.declared import task

pytestmark = pytest.mark.compute


@st.composite
def labelled(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray]:
    pairs = draw(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=40))
    return np.array([true for true, _ in pairs]), np.array([found for _, found in pairs])


@given(labelled())
@pytest.mark.filterwarnings("ignore:y_pred contains classes not in y_true")
@pytest.mark.filterwarnings("ignore:A single label was found")
def test_balanced_accuracy_equals_that_of_scikit_learn(given_: tuple[np.ndarray, np.ndarray]) -> None:
    import sklearn.metrics

    targets, labels = given_
    expected = sklearn.metrics.balanced_accuracy_score(targets, labels)
    assert metrics.balanced_accuracy.compute(targets, Predictions(labels)) == pytest.approx(expected)


@given(labelled())
def test_kappa_equals_that_of_scikit_learn_and_is_zero_for_chance(given_: tuple[np.ndarray, np.ndarray]) -> None:
    import sklearn.metrics

    targets, labels = given_
    found = metrics.quadratic_kappa.compute(targets, Predictions(labels))
    if len(set(targets) | set(labels)) == 1:
        assert found == 0
    else:
        expected = sklearn.metrics.cohen_kappa_score(targets, labels, weights="quadratic", labels=range(4))
        assert found == pytest.approx(expected, abs=1e-12)


def masks(seed: int) -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(seed)
    return generator.integers(0, 2, (2, 6, 8, 8))


def test_dice_and_iou_are_means_over_images_of_those_of_scikit_learn() -> None:
    import sklearn.metrics

    targets, found = masks(0)
    flat = list(zip(targets.reshape(6, -1), found.reshape(6, -1), strict=True))
    dice = np.mean([sklearn.metrics.f1_score(*pair) for pair in flat])
    iou = np.mean([sklearn.metrics.jaccard_score(*pair) for pair in flat])
    assert metrics.dice.compute(targets, Predictions(found)) == pytest.approx(dice)
    assert metrics.iou.compute(targets, Predictions(found)) == pytest.approx(iou)


@pytest.mark.thorough
def test_dice_equals_that_of_torchmetrics() -> None:
    import torch
    from torchmetrics.functional.segmentation import dice_score

    targets, found = masks(1)
    one_hot = [torch.tensor(array)[:, None] for array in (found, targets)]
    expected = dice_score(*one_hot, num_classes=1, average="macro", input_format="one-hot").mean().item()
    assert metrics.dice.compute(targets, Predictions(found)) == pytest.approx(expected, abs=1e-6)


def test_two_empty_masks_agree_and_one_does_not() -> None:
    nothing, all_of_it = np.zeros((1, 4, 4), int), np.ones((1, 4, 4), int)
    for metric in (metrics.dice, metrics.iou):
        assert metric.compute(nothing, Predictions(nothing)) == 1
        assert metric.compute(nothing, Predictions(all_of_it)) == 0


def box_set(seed: int, images: int = 12) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Targets, and boxes that find some of them, miss some, mix up classes, and see what is not there."""
    generator = np.random.default_rng(seed)
    targets, found = [], []
    for _ in range(images):
        count = generator.integers(0, 9)
        corner = generator.uniform(0, 80, (count + 2, 2))
        boxes = np.hstack([corner, corner + generator.uniform(8, 30, (count + 2, 2))])
        labels = generator.integers(0, 3, count + 2)
        targets.append(np.hstack([boxes[:count], labels[:count, None]]))
        moved = boxes + generator.normal(0, 2.5, boxes.shape)
        guessed = np.where(generator.random(count + 2) < 0.8, labels, 0)
        found.append(np.hstack([moved, generator.random((count + 2, 1)), guessed[:, None]]))
    return targets, found


ALL = np.arange(12)


def test_a_box_that_overlaps_by_exactly_half_is_found() -> None:
    targets, found = [np.array([[0.0, 0, 2, 1, 0]])], Predictions([np.array([[0.0, 0, 1, 1, 0.9, 0]])])
    assert metrics.mean_average_precision.resampler is not None
    assert metrics.mean_average_precision.compute(targets, found) == pytest.approx(1, abs=1e-6)
    assert metrics.mean_average_precision.resampler(targets, found)(np.arange(1)) == pytest.approx(1, abs=1e-6)


@pytest.mark.thorough
@pytest.mark.parametrize("seed", range(8))
def test_a_resample_equals_what_torchmetrics_computes(seed: int) -> None:
    targets, found = box_set(seed)
    for metric in (metrics.mean_average_precision, *(metrics.average_precision(c, str(c)) for c in range(3))):
        assert metric.resampler is not None
        value = metric.compute(targets, Predictions(found))
        assert 0 < value < 1
        assert metric.resampler(targets, Predictions(found))(ALL) == pytest.approx(value, abs=1e-6)


def test_an_image_drawn_twice_counts_twice() -> None:
    targets, found = box_set(3)
    drawn = np.array([0, 0, 5, 5, 5, 7, 9])
    metric = metrics.mean_average_precision
    assert metric.resampler is not None
    again = metric.compute([targets[i] for i in drawn], Predictions([found[i] for i in drawn]))
    assert metric.resampler(targets, Predictions(found))(drawn) == pytest.approx(again, abs=1e-6)


def test_perfect_boxes_score_one_and_no_boxes_score_zero() -> None:
    targets, _ = box_set(0)
    perfect = [np.hstack([boxes[:, :4], np.ones((len(boxes), 1)), boxes[:, 4:]]) for boxes in targets]
    nothing = [np.zeros((0, 6)) for _ in targets]
    for metric in (metrics.mean_average_precision, metrics.average_precision(1, "one")):
        assert metric.compute(targets, Predictions(perfect)) == pytest.approx(1)
        assert metric.compute(targets, Predictions(nothing)) == 0
        assert metric.resampler is not None
        assert metric.resampler(targets, Predictions(nothing))(ALL) == 0


@pytest.mark.parametrize(("width", "found"), [(5.1, 1), (4.9, 0)])
def test_a_box_is_found_by_one_that_covers_half_of_both(width: float, found: int) -> None:
    targets, boxes = [np.array([[0.0, 0, 10, 10, 0]])], [np.array([[0.0, 0, width, 10, 1, 0]])]
    metric = metrics.mean_average_precision
    assert metric.resampler is not None
    assert metric.compute(targets, Predictions(boxes)) == pytest.approx(found)
    assert metric.resampler(targets, Predictions(boxes))(np.array([0])) == pytest.approx(found)


def test_a_class_that_does_not_occur_is_ignored() -> None:
    targets, found = box_set(1)
    without = [boxes[boxes[:, 4] != 2] for boxes in targets]
    value = metrics.mean_average_precision.compute(without, Predictions(found))
    each = [metrics.average_precision(c, str(c)).compute(without, Predictions(found)) for c in range(3)]
    assert each[2] == 0
    assert value == pytest.approx((each[0] + each[1]) / 2)


def segmentation(metric: Metric) -> harness.Task:
    return task("masks", kind="segmentation", inputs=harness.Inputs(shape=(8, 8)), classes=(), metrics=(metric,))


def test_a_resampler_gives_the_same_interval_as_computing_anew() -> None:
    targets, found = masks(2)
    slow = Metric("dice", metrics.dice.compute, higher_is_better=True)
    truth = harness.Split(targets, targets)
    quick_one, slow_one = (score(segmentation(one), truth, Predictions(found)) for one in (metrics.dice, slow))
    assert quick_one.draws is not None
    assert slow_one.draws is not None
    np.testing.assert_allclose(quick_one.draws, slow_one.draws)


def test_a_resampler_that_cannot_be_called_is_refused() -> None:
    with pytest.raises(TaskError, match=r"resampler: found 1\.0"):
        Metric("x", lambda *_: 0.0, higher_is_better=True, resampler=1.0)  # type: ignore[arg-type] # on purpose
