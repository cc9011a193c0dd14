"""Taking and holding out."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness import Predictions, Split
from harness.errors import TaskError


def numbered(counts):
    """A split whose inputs are their own positions, with `counts` items of each class."""
    targets = np.random.default_rng(1).permutation(np.repeat(np.arange(len(counts)), counts))
    return Split(np.arange(len(targets)), targets)


def test_a_split_has_as_many_targets_as_inputs():
    with pytest.raises(TaskError, match="3 inputs but 2 targets"):
        Split(np.zeros((3, 2)), np.zeros(2))


@pytest.mark.parametrize("indices", [[2, 0], np.array([2, 0]), (2, 0)], ids=["list", "array", "tuple"])
@pytest.mark.parametrize("texts", [False, True])
def test_take_returns_the_items_asked_for_in_that_order(indices, texts):
    split = Split(["a", "b", "c"] if texts else np.array([[0, 1], [2, 3], [4, 5]]), np.array([7, 8, 9]))
    taken = split.take(indices)
    assert list(taken.targets) == [9, 7]
    assert taken.inputs == ["c", "a"] if texts else taken.inputs.tolist() == [[4, 5], [0, 1]]


def test_taking_nothing_leaves_nothing():
    assert len(Split(np.zeros((3, 2)), np.zeros(3)).take([])) == 0


def test_predictions_are_taken_with_their_scores():
    taken = Predictions(np.array([0, 1, 2]), np.eye(3)).take(np.array([2, 1]))
    assert taken.values.tolist() == [2, 1]
    assert taken.scores.tolist() == [[0, 0, 1], [0, 1, 0]]


def test_boxes_are_taken_image_by_image():
    boxes = [np.zeros((k, 6)) for k in range(3)]
    assert [len(image) for image in Predictions(boxes).take([2, 0]).values] == [2, 0]


@settings(deadline=None)
@given(
    st.lists(st.integers(10, 60), min_size=2, max_size=5), st.sampled_from([0.2, 0.25, 0.5]), st.integers(0, 2**32 - 1)
)
def test_held_out_items_are_disjoint_complete_in_order_and_in_the_same_proportion(counts, fraction, seed):
    split = numbered(counts)
    rest, held_out = split.hold_out(fraction, seed)
    assert sorted([*rest.inputs, *held_out.inputs]) == list(range(sum(counts)))
    assert all((np.diff(part.inputs) > 0).all() for part in (rest, held_out))
    assert all((split.targets[part.inputs] == part.targets).all() for part in (rest, held_out))
    held = np.bincount(held_out.targets, minlength=len(counts))
    assert (np.abs(held - fraction * np.array(counts)) <= 1).all()


def test_the_seed_alone_decides_what_is_held_out():
    split = numbered([30, 30])
    first, again, other = (split.hold_out(0.5, seed)[1].inputs.tolist() for seed in (1, 1, 2))
    assert first == again != other


def test_holding_out_leaves_the_global_generator_alone():
    before = np.random.get_state()[1].tolist()
    numbered([30, 30]).hold_out(0.5, 3)
    assert np.random.get_state()[1].tolist() == before


@pytest.mark.parametrize(
    "targets",
    [np.linspace(0, 1, 20), np.eye(2, dtype=np.int64)[np.arange(20) % 2], [np.zeros((1, 5))] * 20, np.zeros((20, 3))],
    ids=["numbers", "several labels", "boxes", "forecasts"],
)
def test_what_has_no_one_label_an_item_is_held_out_at_random(targets):
    rest, held_out = Split(np.arange(20), targets).hold_out(0.25, seed=0)
    assert (len(rest), len(held_out)) == (15, 5)
    assert sorted([*rest.inputs, *held_out.inputs]) == list(range(20))
