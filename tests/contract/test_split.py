"""Taking and holding out."""

import numpy as np
import pytest
from hypothesis import given
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


def test_taking_no_items_gives_an_empty_split():
    assert len(Split(np.zeros((3, 2)), np.zeros(3)).take([])) == 0


def test_predictions_are_taken_with_their_scores():
    taken = Predictions(np.array([0, 1, 2]), np.eye(3)).take(np.array([2, 1]))
    assert taken.values.tolist() == [2, 1]
    assert taken.scores.tolist() == [[0, 0, 1], [0, 1, 0]]


def test_boxes_are_taken_image_by_image():
    boxes = [np.zeros((k, 6)) for k in range(3)]
    assert [len(image) for image in Predictions(boxes).take([2, 0]).values] == [2, 0]


@given(
    st.lists(st.integers(10, 60), min_size=2, max_size=5), st.sampled_from([0.2, 0.25, 0.5]), st.integers(0, 2**32 - 1)
)
def test_held_out_items_are_disjoint_complete_ordered_and_stratified(counts, fraction, seed):
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
def test_items_without_a_single_label_are_held_out_at_random(targets):
    rest, held_out = Split(np.arange(20), targets).hold_out(0.25, seed=0)
    assert (len(rest), len(held_out)) == (15, 5)
    assert sorted([*rest.inputs, *held_out.inputs]) == list(range(20))


@pytest.mark.parametrize("fraction", [0, 1, 20, -0.1, "20%", None])
def test_a_fraction_outside_its_range_is_refused(fraction):
    with pytest.raises(TaskError, match=r"found the fraction .*; expected a share above 0 and below 1"):
        numbered([5, 5]).hold_out(fraction, seed=0)


@pytest.mark.parametrize("seed", [-1, 1 << 32, 0.5, None, "0"])
def test_an_invalid_seed_is_refused(seed):
    with pytest.raises(TaskError, match=r"found the seed .*; expected a whole number from 0 to 4294967295"):
        numbered([5, 5]).hold_out(0.2, seed=seed)
    numbered([5, 5]).hold_out(0.2, seed=np.int64(3))


def test_too_few_items_to_divide_are_named():
    with pytest.raises(
        TaskError, match="found 21 items, of the rarest class 1; expected enough for both sides, and two"
    ):
        numbered([20, 1]).hold_out(0.2, seed=0)


# groups


def people(sizes, seed=0, classes=3):
    """A split with groups of the given `sizes`, each of one class."""
    labels = np.random.default_rng(seed).integers(0, classes, len(sizes))
    groups = np.repeat(np.arange(len(sizes)), sizes)
    return Split(np.arange(len(groups)), labels[groups], groups)


@pytest.mark.parametrize(
    "groups", [["ann", "bob", "ann"], (1, 2, 1), np.array(["ann", "bob", "ann"], object), np.array([1, 2, 1])]
)
def test_groups_are_texts_or_whole_numbers(groups):
    split = Split(np.zeros((3, 2)), np.zeros(3), groups)
    assert split.groups[0] == split.groups[2] != split.groups[1]
    assert split.take([2, 1]).groups.tolist() == [groups[2], groups[1]]


@pytest.mark.parametrize(
    ("groups", "says"),
    [
        (["ann", "bob"], "3 inputs but groups of shape"),
        ("ann", "3 inputs but groups of shape"),
        ([[1, 2, 3]], "3 inputs but groups of shape"),
        ([[1], [2, 3], [4]], "one text or whole number per item"),
        ([0.5, 1.5, 2.5], "expected texts or whole numbers"),
        ([None, "ann", "bob"], "expected texts or whole numbers"),
    ],
)
def test_groups_that_are_not_labels_are_refused(groups, says):
    with pytest.raises(TaskError, match=says):
        Split(np.zeros((3, 2)), np.zeros(3), groups)


@given(st.lists(st.integers(1, 9), min_size=2, max_size=40), st.sampled_from([0.2, 0.5]), st.integers(0, 99))
def test_no_group_is_on_two_sides_and_no_item_is_lost(sizes, fraction, seed):
    split = people(sizes)
    rest, held_out = split.hold_out(fraction, seed)
    assert len(rest) and len(held_out)
    assert not set(rest.groups) & set(held_out.groups)
    assert sorted([*rest.inputs, *held_out.inputs]) == list(range(len(split)))
    assert all((np.diff(part.inputs) > 0).all() for part in (rest, held_out))


@pytest.mark.parametrize("seed", range(5))
def test_each_class_is_held_out_in_proportion_as_far_as_groups_allow(seed):
    split = people(np.random.default_rng(9).integers(1, 9, 60))
    _, held_out = split.hold_out(0.25, seed)
    shares = np.bincount(held_out.targets) / np.bincount(split.targets)
    assert (np.abs(shares - 0.25) < 0.04).all(), "a group has up to 9 of some 90 items of a class"


@pytest.mark.compute
def test_large_groups_are_held_out_as_often_as_small_ones():
    split = people([20, 20, *[5] * 40])
    held = [set(split.hold_out(0.25, seed)[1].groups) for seed in range(60)]
    large, small = (np.mean([group in one for one in held for group in groups]) for groups in ((0, 1), range(2, 42)))
    assert large == pytest.approx(small, abs=0.15)


def test_items_with_several_labels_are_held_out_in_proportion():
    labels = np.repeat(np.eye(3, dtype=np.int64)[np.random.default_rng(3).integers(0, 3, 60)], 4, axis=0)
    _, held_out = Split(np.arange(240), labels, np.arange(240) // 4).hold_out(0.25, seed=0)
    assert held_out.targets.sum(axis=0) / labels.sum(axis=0) == pytest.approx([0.25] * 3, abs=0.06)


def test_groups_given_to_hold_out_replace_those_of_the_split():
    rest, held_out = Split(np.arange(40), np.zeros(40)).hold_out(0.25, seed=1, groups=np.arange(40) // 10)
    assert held_out.inputs.tolist() == [*range(held_out.inputs[0], held_out.inputs[0] + 10)]
    assert not set(rest.groups) & set(held_out.groups)


@pytest.mark.parametrize("count", [0, 6])
def test_one_group_cannot_be_divided(count):
    with pytest.raises(TaskError, match="expected at least two to divide"):
        Split(np.zeros(count), np.zeros(count), ["ann"] * count if count else np.zeros(0, int)).hold_out(0.5, 0)
