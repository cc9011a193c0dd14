"""What each kind draws of an item, and which items it finds hard."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from harness.contract import Predictions
from harness.kinds import KINDS, Accepted

pytestmark = pytest.mark.unit

FACTS = SimpleNamespace(classes=("cat", "dog"), horizon=2, input_shape=(8, 8))
BOX = np.array([[1.0, 1, 5, 5, 1]])
SAID = np.array([[1.0, 1, 5, 5, 0.9, 1], [0, 0, 2, 2, 0.1, 0]])
MASK = np.eye(8, dtype=int)


def drawn(kind, item, target, value, scores=None):
    return KINDS[kind].drawing(FACTS, item, target, Accepted(value, scores))


@pytest.mark.parametrize("shape", [(8, 8), (8, 8, 3), (3, 8, 8), (1, 8, 8), (8, 8, 4), (5, 8, 8), (4, 5, 8, 8)])
def test_every_image_is_one_picture_between_black_and_white(shape):
    image = np.random.default_rng(0).normal(5, 100, shape)
    found = drawn("classification", image, 1, 0).image
    assert found.shape[:2] == (8, 8)
    assert (found.min(), found.max()) == (pytest.approx(0, abs=0.5), pytest.approx(1, abs=0.5))
    assert found.min() >= 0
    assert found.max() <= 1


def test_a_class_is_shown_with_the_probability_that_the_model_gives():
    found = drawn("classification", "some text", 1, 0, np.array([0.8, 0.2]))
    assert (found.text, found.truth, found.answer) == ("some text", "dog", "cat (80\N{NO-BREAK SPACE}%)")
    assert drawn("classification", "t", 1, 0).answer == "cat"


def test_a_forecast_continues_its_input():
    found = drawn("forecasting", np.arange(5.0), np.array([5.0, 6]), np.array([4.0, 4]))
    assert [(line.role, line.begin, len(line.values)) for line in found.lines] == [
        ("input", 0, 5), ("truth", 5, 2), ("answer", 5, 2)
    ]  # fmt: skip


def test_boxes_with_a_low_score_are_left_out():
    found = drawn("detection", np.zeros((8, 8, 3)), BOX, SAID)
    assert [(box.role, box.name) for box in found.boxes] == [("truth", "dog"), ("answer", "dog")]


def test_both_masks_are_drawn_and_compared():
    found = drawn("segmentation", np.zeros((8, 8)), MASK, MASK)
    assert found.answer == "a mask of Dice 1.00"
    assert found.truth_mask.sum() == found.answer_mask.sum() == 8


@pytest.mark.parametrize(
    ("kind", "targets", "good", "bad"),
    [
        ("classification", np.array([1]), np.array([1]), np.array([0])),
        ("multilabel", np.array([[1, 0]]), np.array([[1, 0]]), np.array([[0, 1]])),
        ("regression", np.array([2.0]), np.array([2.0]), np.array([9.0])),
        ("forecasting", np.array([[2.0, 3]]), np.array([[2.0, 3]]), np.array([[2.0, 9]])),
        ("segmentation", MASK[None], MASK[None], 1 - MASK[None]),
        ("detection", [BOX], [SAID], [np.zeros((0, 6))]),
        ("detection", [BOX], [SAID], [np.array([[1.0, 1, 5, 5, 0.9, 0]])]),
    ],
)
def test_the_item_loss_of_a_perfect_answer_is_zero_and_a_wrong_one_more(kind, targets, good, bad):
    item_loss = [float(KINDS[kind].item_loss(targets, Predictions(values))[0]) for values in (good, bad)]
    assert item_loss[0] == 0
    assert item_loss[1] > 0


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_draws_an_input_without_target_and_prediction(kind):
    assert KINDS[kind].drawing(FACTS, np.arange(4.0) if kind == "forecasting" else np.ones((8, 8)), None).answer == ""
