"""Which items are timed, in which order, and which of them are jittered."""

from __future__ import annotations

import pytest

from harness.timing._draw import Draw

pytestmark = pytest.mark.unit


def jitter(item, generator):
    return item


def test_without_a_jitter_each_item_comes_once() -> None:
    draw = Draw.secret(100, None, 10)
    assert sorted(draw.items) == list(range(100))
    assert not draw.altered.any()


@pytest.mark.parametrize(("available", "most", "count"), [(100, 50, 100), (10, 50, 40)])
def test_with_a_jitter_a_quarter_stays_unaltered_each_once(available: int, most: int, count: int) -> None:
    draw = Draw.secret(available, jitter, most)
    assert len(draw.items) == len(draw.altered) == count
    unaltered = draw.items[~draw.altered]
    assert len(set(unaltered)) == len(unaltered) == count // 4


def test_no_two_draws_are_alike() -> None:
    first, second = (Draw.secret(1000, jitter, 500) for _ in range(2))
    assert (first.items != second.items).any()
