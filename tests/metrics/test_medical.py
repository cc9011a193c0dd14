"""Metrics of clinical studies, against scikit-learn, torchmetrics, and the definitions written out."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.distance import cdist

from harness import metrics
from harness.contract import Metric, Predictions

pytestmark = pytest.mark.compute

GENERATOR = np.random.default_rng(0)
LABELS = GENERATOR.integers(0, 3, 150)
CHANCES = GENERATOR.dirichlet((1, 1, 1), 150)
CHANCES[np.arange(150), LABELS] += 0.4
CHANCES = (CHANCES / CHANCES.sum(axis=1, keepdims=True)).round(2)
CHANCES[:, 2] = 1 - CHANCES[:, :2].sum(axis=1)  # rounded, so that some are equal
GIVEN = Predictions(CHANCES.argmax(axis=1), CHANCES)


def resampled_is_computed(metric: Metric, targets, predictions, items) -> None:
    """Hold a metric's resampler against the metric itself on those items."""
    assert metric.resampler is not None
    taken = [targets[item] for item in items] if isinstance(targets, list) else targets[items]
    expected = metric.compute(taken, predictions.take(items))
    assert metric.resampler(targets, predictions)(items) == pytest.approx(expected)


OF_CLASSES = (
    metrics.sensitivity(1, 0.4),
    metrics.specificity(1, 0.4),
    metrics.sensitivity_at_specificity(0.9, 2),
    metrics.pr_auc(0),
    metrics.brier_score,
)


@pytest.mark.parametrize("metric", OF_CLASSES, ids=lambda metric: metric.name)
def test_a_resample_equals_the_metric_on_the_same_items(metric):
    resampled_is_computed(metric, LABELS, GIVEN, GENERATOR.integers(0, 150, 150))


def test_sensitivity_and_specificity_are_recalls_at_the_threshold():
    from sklearn.metrics import recall_score

    positive = CHANCES[:, 1] >= 0.4
    assert metrics.sensitivity(1, 0.4).compute(LABELS, GIVEN) == recall_score(LABELS == 1, positive)
    assert metrics.specificity(1, 0.4).compute(LABELS, GIVEN) == recall_score(LABELS != 1, ~positive)


@pytest.mark.parametrize("wanted", [0.0, 0.5, 0.9, 0.95, 1.0])
def test_sensitivity_at_a_specificity_is_read_off_the_roc_curve(wanted):
    from sklearn.metrics import roc_curve

    false, true, _ = roc_curve(LABELS == 2, CHANCES[:, 2], drop_intermediate=False)
    expected = true[false <= 1 - wanted + 1e-9].max()
    assert metrics.sensitivity_at_specificity(wanted, 2).compute(LABELS, GIVEN) == pytest.approx(expected)


@pytest.mark.parametrize("positive", [0, 1, 2])
def test_pr_auc_equals_average_precision_of_scikit_learn(positive):
    from sklearn.metrics import average_precision_score

    expected = average_precision_score(positive == LABELS, CHANCES[:, positive])
    assert metrics.pr_auc(positive).compute(LABELS, GIVEN) == pytest.approx(expected)


def test_the_brier_score_is_the_original_sum_over_all_classes():
    truth = np.eye(3)[LABELS]
    assert metrics.brier_score.compute(LABELS, GIVEN) == pytest.approx(((CHANCES - truth) ** 2).sum(axis=1).mean())


def test_for_two_classes_the_brier_score_is_twice_that_of_scikit_learn():
    from sklearn.metrics import brier_score_loss

    chances = CHANCES[:, 1]
    rows = Predictions((chances > 0.5).astype(int), np.stack([1 - chances, chances], axis=1))
    two = (LABELS == 1).astype(int)
    assert metrics.brier_score.compute(two, rows) == pytest.approx(2 * brier_score_loss(two, chances))


@pytest.mark.parametrize("labels", [GIVEN.values, LABELS, np.zeros(150, int)], ids=["some", "all right", "one class"])
def test_the_correlation_equals_that_of_scikit_learn(labels):
    from sklearn.metrics import matthews_corrcoef

    expected = matthews_corrcoef(LABELS, labels)
    assert metrics.matthews_correlation.compute(LABELS, Predictions(labels)) == pytest.approx(expected)


def blob(size=24, seed=0):
    generator = np.random.default_rng(seed)
    y, x = np.indices((size, size))
    middle, radius = generator.uniform(8, 16, 2), generator.uniform(3, 7)
    return (np.hypot(y - middle[0], x - middle[1]) < radius).astype(np.int64)


def outline(mask):
    """Return the (k, 2) pixels of a foreground with a neighbour by an edge that is not of it, or none at all."""
    padded = np.pad(mask, 1)
    inside = padded[:-2, 1:-1] & padded[2:, 1:-1] & padded[1:-1, :-2] & padded[1:-1, 2:]
    return np.argwhere(mask & ~inside.astype(bool))


@pytest.mark.parametrize("seed", range(6))
def test_distances_of_outlines_are_those_of_all_pairs_of_their_pixels(seed):
    true, found = blob(seed=seed), blob(seed=seed + 50)
    pairs = cdist(outline(true), outline(found))
    there, back = pairs.min(axis=1), pairs.min(axis=0)
    one = Predictions(found[None])
    expected = max(np.percentile(there, 95), np.percentile(back, 95))
    assert metrics.hausdorff_95.compute(true[None], one) == pytest.approx(expected)
    near = np.concatenate([there, back]) <= 2
    assert metrics.normalised_surface_distance(2).compute(true[None], one) == pytest.approx(near.mean())


def test_without_foreground_only_an_empty_mask_is_perfect():
    nothing, something = np.zeros((1, 30, 40), int), np.pad(np.ones((1, 2, 2), int), ((0, 0), (0, 28), (0, 38)))
    surface = metrics.normalised_surface_distance(1)
    assert metrics.hausdorff_95.compute(nothing, Predictions(nothing)) == 0
    assert metrics.hausdorff_95.compute(nothing, Predictions(something)) == 50
    assert surface.compute(nothing, Predictions(nothing)) == 1
    assert surface.compute(something, Predictions(nothing)) == 0


def pictures(count=12, seed=0):
    """Return true boxes of two classes, and found ones: moved, of any score, some missing and some false."""
    generator = np.random.default_rng(seed)
    targets, found = [], []
    for _ in range(count):
        corners = generator.uniform(0, 60, (4, 2))
        boxes = np.hstack([corners, corners + generator.uniform(8, 25, (4, 2)), generator.integers(0, 2, (4, 1))])
        targets.append(boxes)
        moved = boxes[:3].copy()
        moved[:, :4] += generator.normal(0, 1.5, (3, 4))
        wrong = np.array([[70, 70, 90, 90, 0.0], [5, 70, 20, 95, 1.0]])
        rows = np.vstack([moved, wrong])
        found.append(np.insert(rows, 4, generator.random(len(rows)), axis=1))
    return targets, Predictions(found)


@pytest.mark.thorough
def test_map_over_overlaps_is_that_of_torchmetrics_also_on_a_resample():
    targets, found = pictures()
    resampled_is_computed(metrics.coco_average_precision, targets, found, np.array([0, 0, 3, 4, 5, 6, 7, 9, 9, 9]))


def shares_found(targets, found, label):
    """Return the shares found at each rate of false alarms, by trying every threshold."""
    from harness.metrics._boxes import match

    one = match(targets, found.values, label)
    scores, (right,) = one.scores, one.right
    points = [((~right[scores >= t]).sum() / len(targets), right[scores >= t].sum()) for t in [*scores, 2.0]]
    rates = (0.125, 0.25, 0.5, 1, 2, 4, 8)
    return [max(hits for wrong, hits in points if wrong <= rate) / one.counts.sum() for rate in rates]


def test_froc_equals_the_evaluation_of_every_threshold():
    targets, found = pictures()
    expected = np.mean([shares_found(targets, found, label) for label in (0, 1)])
    assert metrics.froc.compute(targets, found) == pytest.approx(expected)
    assert 0 < expected < 1


def test_froc_of_a_resample_counts_images_again():
    targets, found = pictures()
    resampled_is_computed(metrics.froc, targets, found, np.array([0, 0, 3, 4, 5, 6, 7, 9, 9, 9]))


def test_froc_without_boxes_is_zero():
    targets, _ = pictures(2)
    assert metrics.froc.compute(targets, Predictions([np.zeros((0, 6))] * 2)) == 0
