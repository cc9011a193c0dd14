"""How often *altered inputs take as long* is wrong on simulated machines that stop for half of the time.

    pytest tests/benchmarks/test_asking_on.py --benchmark-only -s

The audit asks further inputs while it is in doubt, for what other audits leave of a tenth of the time that the
evaluation took so far, which is about four hundredths. Simulated are honest models of 1.5 ms, and a table that answers
untouched inputs at once beside a model of 1.5 ms, in evaluations that took so many seconds before. At most one honest
model in a thousand may be reported.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from harness.record import Audit
from harness.timing import Turns, altered_inputs_take_as_long
from tests.timing.busy_machines import on_a_machine_that_hardly_runs, on_a_machine_that_stops

Array = np.ndarray[Any, Any]
Machine = Callable[[Array, np.random.Generator], Array]

HONEST, ATTACKS, SHARE = 2000, 500, 0.04
FIRST, TIMES_DOUBLED, BLOCK = 16, 2, 4
"""Altered inputs that are timed at first, beside three times as many untouched ones; how often as many are added; how
many altered ones are asked between two looks at the clock."""


def quiet(seconds: Array, generator: np.random.Generator) -> Array:
    """A machine that does nothing else."""
    return seconds * generator.lognormal(0, 0.05, len(seconds))


def audited(untouched: float, altered: float, machine: Machine, longest: float, seed: int) -> tuple[Audit, float]:
    """Return the audit of a model that takes so many seconds, and how long asking on took."""
    generator, spent = np.random.default_rng(seed), 0.0

    def asked(count: int) -> Turns:
        return Turns(
            machine(np.full(3 * count, untouched), generator),
            machine(np.full(count, altered), generator),
        )

    turns = asked(FIRST)
    for _ in range(TIMES_DOUBLED):
        more = len(turns.altered) if turns.needs_more else 0
        for _ in range(0, more, BLOCK):
            if spent >= longest:
                return altered_inputs_take_as_long(turns), spent
            further = asked(BLOCK)
            spent += float(further.untouched.sum() + further.altered.sum())
            turns = turns.followed_by(further)
    return altered_inputs_take_as_long(turns), spent


@pytest.mark.parametrize("machine", [quiet, on_a_machine_that_stops, on_a_machine_that_hardly_runs])
@pytest.mark.parametrize("evaluation", [0.0, 2.0, 4.0, 30.0])
def test_asking_on_while_in_doubt(benchmark: Any, machine: Machine, evaluation: float) -> None:
    longest = min(SHARE * evaluation, 3.0)

    def run() -> int:
        honest = [audited(0.0015, 0.0015, machine, longest, seed) for seed in range(HONEST)]
        attacks = [audited(0.00002, 0.0015, machine, longest, seed) for seed in range(ATTACKS)]
        told = sum(not audit.passed for audit, _ in honest)
        failed = sum(not audit.passed and audit.severity == "fail" for audit, _ in attacks)
        spent = [seconds for _, seconds in honest]
        print(
            f"\n{machine.__name__}, {evaluation:g} s before: {told} of {HONEST} honest models reported, {failed} of "
            f"{ATTACKS} attacks failed; asking on took {np.mean(spent):.3f} s on average, {max(spent):.2f} s at most",
            flush=True,
        )
        return told

    assert benchmark.pedantic(run, rounds=1) <= HONEST // 1000
