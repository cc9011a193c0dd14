"""Texts and ragged arrays as plain arrays."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.wire import WireError, pack, unpack

anything_written = st.text(st.characters(), max_size=12)  # lone surrogates too


@given(st.lists(anything_written, min_size=1, max_size=10))
def test_texts_are_received_as_they_were_sent(texts):
    form, arrays = pack(texts)
    assert form == "texts"
    assert unpack(form, arrays) == texts


@pytest.mark.parametrize("texts", [[""], ["", ""], ["", "ä", ""], ["日本", "🦊", "\0", "\ud800"]])
def test_empty_and_non_ascii_texts_are_received_as_they_were_sent(texts):
    assert unpack(*pack(texts)) == texts


def test_an_empty_list_is_received_as_an_empty_list():
    assert unpack(*pack([])) == []


@given(st.lists(st.integers(0, 4), min_size=1, max_size=8))
def test_ragged_arrays_are_received_as_they_were_sent(counts):
    boxes = [np.random.default_rng(count).random((count, 6)) for count in counts]
    form, arrays = pack(boxes)
    assert form == "ragged"
    for before, after in zip(boxes, unpack(form, arrays), strict=True):
        assert after.shape == before.shape
        np.testing.assert_array_equal(after, before)


def test_an_array_is_sent_unchanged():
    array = np.arange(6).reshape(2, 3)
    form, arrays = pack(array)
    assert form == "array"
    assert unpack(form, arrays) is array


FLAT = np.zeros((5, 6))


@pytest.mark.parametrize("form", ["texts", "ragged"])
@pytest.mark.parametrize(
    "lengths",
    [
        pytest.param(np.array([2, 2]), id="too few"),
        pytest.param(np.array([2, 4]), id="too many"),
        pytest.param(np.array([4, -1, 2]), id="a negative one"),
        pytest.param(np.array([], np.int64), id="none"),
        pytest.param(np.array([2.0, 3.0]), id="floats"),
        pytest.param(np.array([2, 3], np.int32), id="narrow ones"),
        pytest.param(np.array([[2, 3]]), id="a table"),
        pytest.param(np.array(5), id="a number"),
        pytest.param(np.array([2**62] * 4 + [5]), id="a sum that wraps around"),
    ],
)
def test_lengths_that_do_not_add_up_are_refused(form, lengths):
    with pytest.raises(WireError):
        unpack(form, (FLAT.astype(np.uint8) if form == "texts" else FLAT, lengths))


@pytest.mark.parametrize(
    ("form", "arrays"),
    [
        pytest.param("array", (), id="no array"),
        pytest.param("array", (FLAT, FLAT), id="two arrays"),
        pytest.param("ragged", (FLAT,), id="no lengths"),
        pytest.param("texts", (np.array(5, np.uint8), np.array([], np.int64)), id="a number for bytes"),
        pytest.param("texts", (np.array([255], np.uint8), np.array([1])), id="bytes that are not text"),
    ],
)
def test_arrays_that_are_not_the_form_are_refused(form, arrays):
    with pytest.raises(WireError):
        unpack(form, arrays)
