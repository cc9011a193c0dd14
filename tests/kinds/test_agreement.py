"""*The same answers* means the same: tolerances are relative, flips are counted, masks are compared as masks."""

from __future__ import annotations

import numpy as np
import pytest

from harness.contract import Predictions
from harness.kinds import KINDS, Agreement

pytestmark = pytest.mark.unit
N = 200
NOISE = np.random.default_rng(0)


def compared(kind: str, first: Predictions, second: Predictions, *, of_scores: bool = False) -> Agreement:
    found = KINDS[kind].agreement(first, second, of_scores=of_scores)
    assert found.differing.shape == found.excused.shape == (len(first),)
    return found


def scored(scores: np.ndarray) -> Predictions:
    return Predictions(scores.argmax(axis=1), scores)


@pytest.mark.parametrize("scale", [1e-6, 5e-5, 1.0, 1e6])
@pytest.mark.parametrize("offset", [0.0, 1.0])
def test_scores_of_any_size_may_be_rounded_and_no_more(scale: float, offset: float) -> None:
    scores = NOISE.normal(0, scale, (N, 4)) + offset * scale
    rounded = scores * (1 + NOISE.normal(0, 1e-6, (N, 4)))
    assert not compared("classification", scored(scores), scored(rounded)).differing.any()
    other = compared("classification", scored(scores), scored(np.roll(scores, 1, axis=1)))
    assert other.differing.all()
    assert not other.excused.any()


def test_two_models_with_tiny_scores_do_not_agree() -> None:
    known, guessed = np.eye(5)[np.arange(N) % 5] * 5e-5, np.zeros((N, 5))
    assert compared("classification", scored(known), scored(guessed)).differing.sum() == N * 4 // 5


def test_labels_that_differ_near_ties_are_allowed_and_counted() -> None:
    ties = np.full((N, 2), 0.5) + np.array([1e-7, 0])
    found = compared("classification", scored(ties), scored(ties[:, ::-1]))
    assert (found.differing.sum(), found.excused.sum()) == (0, N)


def test_where_scores_count_equal_labels_are_not_enough() -> None:
    ranked = np.stack([np.linspace(0.1, 0.4, N), np.linspace(0.9, 0.6, N)], axis=1)
    flat = np.tile([0.3, 0.7], (N, 1))
    assert not compared("classification", scored(ranked), scored(flat)).differing.any()
    assert compared("classification", scored(ranked), scored(flat), of_scores=True).differing.sum() > N // 2
    labels = Predictions(flat.argmax(axis=1))
    assert compared("classification", scored(flat), labels, of_scores=True).differing.all()


def test_masks_are_compared_after_the_threshold() -> None:
    truth = NOISE.random((6, 32, 32)) < 0.3

    def masks(probabilities: np.ndarray) -> Predictions:
        return Predictions((probabilities >= 0.5).astype(np.int64), probabilities)

    first, inverted = (masks(np.where(mask, 0.50004, 0.49996)) for mask in (truth, ~truth))
    assert compared("segmentation", first, inverted).differing.all()
    few = truth.copy()
    few[0, 0, :2] ^= True
    few[1, 0, :9] ^= True
    found = compared("segmentation", first, masks(np.where(few, 0.50004, 0.49996))).differing
    assert found.tolist() == [False, True, False, False, False, False]


@pytest.mark.parametrize("kind", ["forecasting", "regression"])
@pytest.mark.parametrize("scale", [1e-6, 1.0, 1e6])
def test_numbers_are_compared_relative_to_their_spread(kind: str, scale: float) -> None:
    numbers = NOISE.normal(0, scale, (N, 3) if kind == "forecasting" else N)
    rounded = numbers + NOISE.normal(0, 1e-6 * scale, numbers.shape)
    assert not compared(kind, Predictions(numbers), Predictions(rounded)).differing.any()
    assert compared(kind, Predictions(numbers), Predictions(numbers + 0.1 * scale)).differing.all()


def test_a_few_outliers_do_not_widen_the_tolerance() -> None:
    numbers = NOISE.normal(0, 1, N)
    numbers[:3] = 1e9
    assert compared("regression", Predictions(numbers), Predictions(numbers + 0.1)).differing[3:].all()


def test_several_labels_per_item_are_compared_label_by_label() -> None:
    probabilities = NOISE.random((N, 3))

    def of(values: np.ndarray) -> Predictions:
        return Predictions((values >= 0.5).astype(np.int64), values)

    other = probabilities.copy()
    other[0, 2] = 1 - other[0, 2]
    found = compared("multilabel", of(probabilities), of(other))
    assert (found.differing.sum(), found.excused.sum()) == (1, 0)


def test_two_models_with_tiny_scores_of_boxes_do_not_agree() -> None:
    corners = NOISE.uniform(0, 80, (N, 2))
    boxes = np.hstack([corners, corners + 20, NOISE.random((N, 1)) * 5e-5, np.zeros((N, 1))])
    ranked_otherwise = boxes.copy()
    ranked_otherwise[:, 4] = boxes[::-1, 4]
    images = [Predictions(list(part.reshape(10, 20, 6))) for part in (boxes, ranked_otherwise)]
    assert not compared("detection", images[0], images[0]).differing.any()
    assert compared("detection", *images).differing.all()
    rounded = Predictions([image * (1 + 1e-7) for image in images[0].values])
    rounded = Predictions([np.hstack([image[:, :5], np.zeros((20, 1))]) for image in rounded.values])
    assert not compared("detection", images[0], rounded).differing.any()
    empty = Predictions([np.zeros((0, 6))] * 10)
    assert not compared("detection", empty, empty).differing.any()
    assert compared("detection", images[0], empty).differing.all()
