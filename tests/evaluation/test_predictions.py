"""The host accepts what a task's kind asks for and says exactly what is wrong with the rest."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

from harness.contract import Predictions, TaskInfo
from harness.errors import SubmissionError
from harness.evaluation._predictions import accept, admit_predictions
from harness.kinds import KINDS, MAX_BOXES_PER_IMAGE
from harness.wire import ArrayHeader, Done, Operators, WireError, pack
from tests.declared import info

N = 4
BOX = [1, 2, 3, 4, 0.5, 1]


def task(kind: str) -> TaskInfo:
    return info(
        kind=kind,
        input_shape=(5, 6, 3) if kind in ("segmentation", "detection") else (8,),
        classes=() if kind == "forecasting" else ("a", "b"),
        horizon=3 if kind == "forecasting" else None,
    )


def judge(kind: str, result: Any) -> Predictions:
    """Do what a session does with a reply: judge its headers, then its values."""
    told = task(kind)
    _, arrays = pack(result)
    headers = [ArrayHeader(array.dtype, array.shape) for array in arrays]
    assert told.input_shape is not None
    admit_predictions(KINDS[told.kind], told, N, told.input_shape, "predict")(Done(), headers)
    return accept(KINDS[told.kind], told, arrays, "predict")


@pytest.mark.parametrize(
    "dtype", ["int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "float16", "float32", "float64"]
)
def test_labels_of_every_width_are_the_same_labels(dtype: str) -> None:
    found = judge("classification", np.array([0, 1, 1, 0], dtype))
    assert found.values.dtype == np.int64
    assert found.values.tolist() == [0, 1, 1, 0]
    assert found.scores is None


def test_scores_are_kept_and_their_highest_is_the_label() -> None:
    scores = np.array([[0.1, 0.9], [3, -3], [0, 0], [1, 2]], np.float16)
    found = judge("classification", scores)
    assert found.values.tolist() == [1, 0, 0, 1]
    assert found.scores is not None
    assert (found.scores == scores).all()


def test_probabilities_become_masks_at_one_half() -> None:
    found = judge("segmentation", np.full((N, 5, 6), 0.5, np.float32))
    assert (found.values == 1).all()
    assert found.values.dtype == np.int64


def test_integer_masks_are_used_unchanged() -> None:
    masks = np.zeros((N, 5, 6), np.uint8)
    masks[0, 0, 0] = 1
    assert judge("segmentation", masks).values.sum() == 1


def test_forecasts_become_doubles() -> None:
    assert judge("forecasting", np.ones((N, 3), np.float16)).values.dtype == np.float64


def test_boxes_come_image_by_image_and_an_image_may_have_none() -> None:
    found = judge("detection", [np.array([BOX, BOX]), np.zeros((0, 6)), np.array([BOX]), np.zeros((0, 6))])
    assert [len(boxes) for boxes in found.values] == [2, 0, 1, 0]


def test_all_images_may_be_without_boxes() -> None:
    assert [len(boxes) for boxes in judge("detection", [np.zeros((0, 6))] * N).values] == [0] * N


WRONG: dict[str, tuple[str, Any, str]] = {
    "labels-too-few": ("classification", np.zeros(3, int), "shape (3,) of int64 for 4 inputs: expected (4,) integer"),
    "labels-too-many": ("classification", np.zeros(5, int), "shape (5,)"),
    "labels-in-a-column": ("classification", np.zeros((4, 1)), "shape (4, 1)"),
    "labels-as-truth": ("classification", np.zeros(4, bool), "of bool"),
    "scores-of-three-classes": ("classification", np.zeros((4, 3)), "or (4, 2) float scores"),
    "scores-turned": ("classification", np.zeros((2, 4)), "shape (2, 4)"),
    "scores-of-integers": ("classification", np.zeros((4, 2), int), "of int64"),
    "a-number": ("classification", np.float64(1), "float scores; predict gets many inputs at once"),
    "label-negative": ("classification", np.array([0, 0, -1, 0]), "the label -1: expected 0 to 1"),
    "label-2": ("classification", np.array([0, 0, 2, 0]), "the label 2: expected 0 to 1"),
    "label-wrapping": ("classification", np.full(4, 2**64 - 1, np.uint64), "expected 0 to 1"),
    "label-huge": ("classification", np.full(4, 1e300), "expected 0 to 1"),
    "label-half": ("classification", np.array([0, 0.5, 0, 0]), "the label 0.5: expected whole numbers"),
    "label-nan": (
        "classification",
        np.array([0, 0, 0, np.nan]),
        "nan (item 3): expected finite numbers; if the loss",
    ),
    "score-infinite": ("classification", np.array([[0, 0], [0, -np.inf], [0, 0], [0, 0]]), "-inf (item 1)"),
    "masks-too-small": ("segmentation", np.zeros((4, 5, 5), int), "expected (4, 5, 6) masks or probabilities"),
    "masks-with-channel": ("segmentation", np.zeros((4, 5, 6, 1), int), "probabilities; write [..., 0] to drop"),
    "masks-with-channel-first": ("segmentation", np.zeros((4, 1, 5, 6), int), "probabilities; write [:, 0] to drop"),
    "masks-too-few": ("segmentation", np.zeros((3, 5, 6), int), "for 4 inputs"),
    "masks-as-truth": ("segmentation", np.zeros((4, 5, 6), bool), "masks or probabilities; write .astype(int)"),
    "masks-negative": ("segmentation", np.full((4, 5, 6), -1), "the mask value -1"),
    "masks-of-an-unknown-class": ("segmentation", np.full((4, 5, 6), 2), "the mask value 2"),
    "probability-2": ("segmentation", np.full((4, 5, 6), 2.0), "expected [0, 1]; write torch.sigmoid"),
    "probability-nan": ("segmentation", np.full((4, 5, 6), np.nan), "nan (item 0)"),
    "forecast-too-short": ("forecasting", np.zeros((4, 2)), "expected (4, 3) floats"),
    "forecast-flat": ("forecasting", np.zeros(4), "expected (4, 3) floats"),
    "forecast-of-integers": ("forecasting", np.zeros((4, 3), int), "of int64"),
    "forecast-infinite": ("forecasting", np.full((4, 3), np.inf), "inf (item 0)"),
    "forecast-huge": (
        "forecasting",
        np.full((4, 3), 1.7e308),
        "1.7e+308 (item 0): expected numbers between -1e+100 and",
    ),
    "boxes-huge": ("detection", [np.array([[-1.7e308, 0, 1, 1, 1, 0]])] * 4, "-1.7e+308 (image 0): expected numbers"),
    "boxes-score-huge": ("detection", [np.array([[0, 0, 1, 1, 1e200, 0]])] * 4, "1e+200 (image 0)"),
    "boxes-class-huge": ("detection", [np.array([[0, 0, 1, 1, 1, 1e300]])] * 4, "1e+300 (image 0)"),
    "boxes-of-five": ("detection", [np.zeros((1, 5))] * 4, "expected (k, 6) floats per image"),
    "boxes-for-three": ("detection", [np.array([BOX])] * 3, "expected 4"),
    "boxes-of-integers": ("detection", [np.array([[0, 0, 1, 1, 1, 1]])] * 4, "of int64"),
    "boxes-nan": ("detection", [np.array([BOX])] * 3 + [np.full((1, 6), np.nan)], "not finite (image 3)"),
    "boxes-class-2": ("detection", [np.array([[*BOX[:5], 2]])] * 4, "unknown class (image 0): expected 0 to 1"),
    "boxes-class-half": ("detection", [np.array([[*BOX[:5], 0.5]])] * 4, "unknown class"),
    "boxes-too-many": ("detection", [np.tile(BOX, (MAX_BOXES_PER_IMAGE + 1, 1))] * 4, "at most 1000 boxes each"),
    "boxes-too-many-on-one": (
        "detection",
        [np.tile(BOX, (MAX_BOXES_PER_IMAGE + 1, 1)), *[np.zeros((0, 6))] * 3],
        "at most 1000 boxes each",
    ),
}


@pytest.mark.parametrize("case", WRONG)
def test_the_message_says_what_is_wrong_with_predictions(case: str) -> None:
    kind, result, says = WRONG[case]
    with pytest.raises(SubmissionError, match=re.escape(says)) as caught:
        judge(kind, result)
    assert (caught.value.kind, caught.value.phase) == ("bad_predictions", "predict")


def test_the_worker_cannot_announce_more_arrays_than_predictions_have() -> None:
    admit = admit_predictions(KINDS["classification"], task("classification"), N, (8,), "predict")
    header = ArrayHeader(np.dtype("int64"), (N,))
    for headers in ([], [header, header]):
        with pytest.raises(WireError):
            admit(Done(), headers)
    with pytest.raises(WireError):
        admit(Operators(()), [header])


def test_a_payload_of_the_wrong_size_is_refused_before_it_is_read() -> None:
    admit = admit_predictions(KINDS["classification"], task("classification"), N, (8,), "predict")
    with pytest.raises(SubmissionError, match="expected"):
        admit(Done(), [ArrayHeader(np.dtype("float64"), (1 << 40,))])


@pytest.mark.parametrize("lengths", [[1, 1, 1], [-1, 1, 1, 3], [9, 0, 0, 0]])
def test_lengths_of_boxes_that_do_not_add_up_break_the_protocol(lengths: list[int]) -> None:
    with pytest.raises((WireError, SubmissionError)):
        accept(KINDS["detection"], task("detection"), [np.tile(BOX, (4, 1)), np.array(lengths)], "predict")


@pytest.mark.parametrize(
    ("n", "result", "remedy"),
    [
        (N, np.array([True, False, True, False]), r"\.astype\(int\)"),
        (N, np.eye(2, dtype=int)[[0, 1, 1, 0]], r"\.argmax\(axis=1\)"),
        (N, np.zeros((N, 1)), r"np\.stack\(\[1 - p, p\]"),
        (N, np.zeros((N, 1), int), r"\[:, 0\]"),
        (N, np.zeros((2, N)), r"\.T"),
        (N, np.array([0.2, 0.9, 0.4, 0.1]), r"np\.stack\(\[1 - p, p\]"),
        (N, np.array([1, 2, 1, 2]), "counted from 0"),
        (1, np.zeros(2), r"squeeze\(1\)"),
        (1, np.zeros(()), r"squeeze\(1\)"),
        (1, np.full((1, 2), np.nan), "a single item, which has no deviation: compute means and deviations in fit"),
    ],
)
def test_common_mistakes_in_returned_labels_get_a_remedy(n: int, result: Any, remedy: str) -> None:
    told = task("classification")
    header = ArrayHeader(result.dtype, result.shape)
    with pytest.raises(SubmissionError, match=remedy):
        admit_predictions(KINDS[told.kind], told, n, (8,), "predict")(Done(), [header])
        accept(KINDS[told.kind], told, [result], "predict")
