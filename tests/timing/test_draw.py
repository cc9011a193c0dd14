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


@pytest.mark.parametrize(("available", "most", "count"), [(100, 50, 100), (10, 50, 40), (5000, 200, 400)])
def test_most_of_what_is_timed_is_unaltered_and_each_item_comes_once(available: int, most: int, count: int) -> None:
    draw, other = (Draw.secret(available, jitter, most) for _ in range(2))
    assert len(draw.items) == len(draw.altered) == count
    unaltered = draw.items[~draw.altered]
    assert len(set(unaltered)) == len(unaltered)
    half = count // 2
    assert (~draw.altered[:half]).sum() == min(available, int(0.75 * half))
    assert (draw.altered != other.altered).any()


def test_no_two_draws_are_alike() -> None:
    first, second = (Draw.secret(1000, jitter, 500) for _ in range(2))
    assert (first.items != second.items).any()
