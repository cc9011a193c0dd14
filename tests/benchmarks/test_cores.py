"""How often the cores chosen are the right ones, on a machine with nothing else at work.

A look of 50 ms may mislead any one choice: up to one in ten may be wrong.
"""

from __future__ import annotations

import pytest

from harness.timing._cores import quickest_cores
from tests.timing.test_cores import CORES, busy, several

CHOICES, WRONG = 50, 0.1


@several
@pytest.mark.parametrize("core", CORES[:2])
def test_a_busy_core_is_hardly_ever_chosen_for_the_worker(core, benchmark):
    with busy(core):
        chosen = [quickest_cores().workers for _ in range(CHOICES)]
        benchmark.pedantic(quickest_cores, rounds=3)
    assert chosen.count(core) <= WRONG * CHOICES


@several
def test_worker_and_host_get_one_of_two_idle_cores_each(benchmark):
    apart = [quickest_cores().apart for _ in range(CHOICES)]
    benchmark.pedantic(quickest_cores, rounds=3)
    assert apart.count(False) <= WRONG * CHOICES
