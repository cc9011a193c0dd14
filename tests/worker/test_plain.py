"""What predict may return, what save may write, and which operators are seen."""

from __future__ import annotations

import numpy as np
import pytest

from harness.kinds import KINDS, PREDICTION_FORMS, OneArray
from harness.worker._explain import PredictionsError
from harness.worker._inspect import inspect
from harness.worker._to_arrays import plain


class FakeTensor:
    """Looks like a tensor that needs a gradient, without torch."""

    dtype = "torch.float32"

    def __init__(self, values):
        self.values = values

    def detach(self):
        return self

    def cpu(self):
        return np.asarray(self.values)


@pytest.mark.parametrize(
    "result",
    [
        [0, 1, 2],
        (0, 1, 2),
        np.array([0, 1, 2], np.uint8),
        np.array([0, 1, 2], ">i4"),
        [np.int64(0), np.int8(1), 2],
        [np.array(0), np.array(1), np.array(2)],
        range(3),
        FakeTensor([0, 1, 2]),
        [FakeTensor(0), FakeTensor(1), FakeTensor(2)],
        np.arange(6)[::2] // 2,
    ],
)
def test_everything_like_an_array_becomes_a_plain_array(result):
    form, (array,) = plain(result, OneArray())
    assert form == "array"
    assert array.tolist() == [0, 1, 2]


@pytest.mark.parametrize(
    "result",
    [
        ["left", "right"],
        "left",
        None,
        {"a": 1},
        {1, 2},
        [None, 1],
        [[1], [1, 2]],
        [2**70, 1],
        np.array([1j]),
        np.array(["2020"], "M8[Y]"),
        np.zeros(2, [("a", int)]),
        np.zeros(2, np.longdouble),
        (x for x in [1, 2]),
        [np.zeros(2), np.zeros(3)],
    ],
)
def test_values_that_are_not_numbers_are_a_fault_of_the_predictions(result):
    with pytest.raises(PredictionsError, match=r"predict returned (a|None)"):
        plain(result, OneArray())


@pytest.mark.parametrize(
    ("result", "kind", "remedy"),
    [
        (None, "classification", "end it with `return`"),
        (["left", "right"], "classification", r"self\.task\.classes\)\.index"),
        (np.array(["left", "right"], object), "classification", r"self\.task\.classes\)\.index"),
        ({"labels": [1]}, "classification", "not a dictionary"),
        (([1, 2], [[0.1, 0.9]] * 3), "classification", "not several"),
        (np.array([1, 2], object), "classification", r"\.astype"),
        ([1, None], "classification", "element 1 is None: return one number for it"),
        ([{"label": 1}], "classification", "element 0 is a dict: return one number for it"),
        ((label for label in [1, 2]), "classification", "collect the answers in a list"),
        (map(int, "12"), "classification", "collect the answers in a list"),
        (np.zeros(2, np.longdouble), "forecasting", r"\.astype\(float\)"),
        ([{"boxes": 1, "scores": 2, "labels": 3}], "detection", r"labels - 1"),
        ("box", "detection", "x1, y1, x2, y2, score, class"),
    ],
)
def test_common_mistakes_in_returned_values_get_a_remedy(result, kind, remedy):
    with pytest.raises(PredictionsError, match=remedy):
        plain(result, PREDICTION_FORMS[KINDS[kind].form])


def test_a_coroutine_gets_a_remedy():
    async def predict(inputs):
        return inputs

    coroutine = predict([1])
    with pytest.raises(PredictionsError, match="without async"):
        plain(coroutine, OneArray())
    coroutine.close()


def test_boxes_become_one_flat_array_and_their_counts():
    boxes = [np.ones((2, 6)), [], [[1, 2, 3, 4, 0.5, 0]]]
    form, (flat, lengths) = plain(boxes, PREDICTION_FORMS["boxes"])
    assert form == "ragged"
    assert flat.shape == (3, 6)
    assert lengths.tolist() == [2, 0, 1]


@pytest.mark.parametrize("result", [np.ones((2, 6)), "boxes", [np.ones((2, 5))], [["a"] * 6], [None]])
def test_boxes_of_another_form_are_a_fault_of_the_predictions(result):
    with pytest.raises(PredictionsError):
        plain(result, PREDICTION_FORMS["boxes"])


def names_of(call):
    """Return the names of the operators and modules that `call` uses."""
    return inspect(call).names


@pytest.fixture(scope="module")
def torch():
    return pytest.importorskip("torch")


@pytest.mark.compute
def test_tensors_of_every_kind_become_plain(torch):
    assert plain(torch.tensor([1, 2]), OneArray())[1][0].dtype == np.int64
    needy = torch.ones(2, 3, requires_grad=True)
    assert plain(needy, OneArray())[1][0].shape == (2, 3)
    brain = plain(torch.tensor([0.5, 1], dtype=torch.bfloat16), OneArray())[1][0]
    assert brain.dtype == np.float32
    assert brain.tolist() == [0.5, 1]
    assert plain([needy[0], needy[1]], OneArray())[1][0].shape == (2, 3)
    assert plain(torch.tensor([True]), OneArray())[1][0].dtype == np.bool_
    with pytest.raises(PredictionsError):
        plain(torch.tensor([1j]), OneArray())
    with pytest.raises(PredictionsError):
        plain(torch.eye(2).to_sparse(), OneArray())


@pytest.mark.compute
def test_convolution_and_attention_are_detected_however_they_are_called(torch):
    functional = torch.nn.functional
    image, words = torch.zeros(1, 1, 4, 4), torch.zeros(1, 4, 8)
    seen = names_of(lambda: functional.conv2d(image, torch.zeros(1, 1, 2, 2)))
    assert any("conv" in name for name in seen)
    module = torch.nn.MultiheadAttention(8, 2, batch_first=True).eval()
    with torch.no_grad():
        seen = names_of(lambda: module(words, words, words))
        assert "nn.MultiheadAttention" in seen
        seen = names_of(lambda: functional.scaled_dot_product_attention(words, words, words))
        assert any("attention" in name for name in seen)


@pytest.mark.compute
def test_a_linear_model_uses_neither(torch):
    model = torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.ReLU())
    seen = names_of(lambda: model(torch.zeros(1, 2)))
    assert "nn.Linear" in seen
    assert not [name for name in seen if "conv" in name.lower() or "attention" in name.lower()]


@pytest.mark.compute
def test_the_hook_is_removed_even_if_predict_raises(torch):
    from torch.nn.modules import module

    before = dict(module._global_forward_pre_hooks)
    with pytest.raises(ZeroDivisionError):
        inspect(lambda: 1 / 0)
    assert dict(module._global_forward_pre_hooks) == before
