"""Limit what the published record of a task with secret data can reveal to a few numbers, bounded and rounded.

A model that sees private inputs chooses its answers, its running time and its memory, and could encode data in them.
SECURITY.md states how much of that remains in a record.
"""

from __future__ import annotations

import math

import msgspec

from harness.evaluation._plan import Plan
from harness.record import Audit, Claims, Cost, Latency, Machine, Record, Repeat, Score, Uncertainty
from harness.timing import IntervalTerms

SCORE_DIGITS, TIME_DIGITS, SIZE_DIGITS, TERM_DIGITS = 5, 2, 2, 1
"""Significant digits of scores, of times and values derived from them, of sizes, and of the uncertainty of times."""
_NO_FIGURES = "its figures are not published, because they may contain data that must stay secret"


def publishable(plan: Plan, record: Record) -> Record:
    """Return `record` as it may be published: unchanged, unless the scored part or all data is secret."""
    return bounded(record, fit_too=plan.is_restricted) if plan.is_secret else record


def bounded(record: Record, *, fit_too: bool) -> Record:
    """Return `record` with the figures rounded that a worker could influence after it had seen the scored part.

    With `fit_too`, the figures that `fit` could influence are rounded as well.
    """
    run = record.run
    return msgspec.structs.replace(
        record,
        scores=tuple(map(_score, record.scores)),
        baseline=msgspec.structs.replace(
            record.baseline, p_value=_rounded_if_any(record.baseline.p_value, TIME_DIGITS)
        ),
        cost=_of_fit(_cost(record.cost)) if fit_too else _cost(record.cost),
        audits=tuple(map(_audit, record.audits)),
        run=msgspec.structs.replace(
            run,
            seconds=_time(run.seconds),
            machine=_machine(run.machine),
            phases={name: _time(seconds) for name, seconds in run.phases.items()},
            repeats=tuple(Repeat(seed=one.seed, value=_rounded(one.value, SCORE_DIGITS)) for one in run.repeats),
        ),
    )


def publishable_claims(plan: Plan, claims: Claims) -> Claims:
    """Return `claims` as they may be published; the claimed score is unchanged, because documents contain no data."""
    if not plan.is_secret:
        return claims
    shipped, retrained = (score and _score(score) for score in (claims.shipped, claims.retrained))
    p_value = _rounded_if_any(claims.p_value, TIME_DIGITS)
    return msgspec.structs.replace(claims, shipped=shipped, retrained=retrained, p_value=p_value)


def _machine(machine: Machine) -> Machine:
    """Leave out how busy the machine was, because workers can influence that."""
    if machine.clock is None:
        return machine
    clock = msgspec.structs.replace(machine.clock, swap_bytes=None, steal=None, load=None)
    return msgspec.structs.replace(machine, clock=clock)


def _score(score: Score) -> Score:
    value, low, high = (_rounded(number, SCORE_DIGITS) for number in (score.value, score.low, score.high))
    return msgspec.structs.replace(score, value=value, low=low, high=high)


def _cost(cost: Cost) -> Cost:
    throughput = cost.throughput and msgspec.structs.replace(
        cost.throughput, samples_per_second=_time(cost.throughput.samples_per_second)
    )
    device = cost.peak_device_bytes
    return msgspec.structs.replace(
        cost,
        flops_per_sample=None,
        fit_seconds=_rounded_if_any(cost.fit_seconds, TIME_DIGITS),
        cpu_seconds=_rounded_if_any(cost.cpu_seconds, TIME_DIGITS),
        peak_memory_bytes=_size(cost.peak_memory_bytes),
        peak_device_bytes=device if isinstance(device, msgspec.UnsetType) else _size(device) or 0,
        latency=cost.latency and _latency(cost.latency),
        throughput=throughput,
    )


def _of_fit(cost: Cost) -> Cost:
    """Round the figures that `fit` can influence."""
    return msgspec.structs.replace(
        cost,
        parameters=_size(cost.parameters, SIZE_DIGITS + 1),
        artifact_bytes=_size(cost.artifact_bytes),
        knowledge_bytes=_size(cost.knowledge_bytes),
    )


def _latency(latency: Latency) -> Latency:
    """Round all figures, and compute the intervals from rounded values, so that they reveal no more."""
    net, ratio = (
        _rounded_if_any(figure, TIME_DIGITS) for figure in (latency.net_p50_seconds, latency.ratio_to_yardstick)
    )
    terms = None if latency.uncertainty is None else _terms(latency.uncertainty)
    nets = None if terms is None or net is None else terms.around(net)
    ratios = None if terms is None or ratio is None else terms.around(ratio)
    return msgspec.structs.replace(
        latency,
        n=_size(latency.n) or 0,
        p50_seconds=_time(latency.p50_seconds),
        net_p50_seconds=net,
        p90_bound_seconds=_rounded_if_any(latency.p90_bound_seconds, TIME_DIGITS),
        iqr_ratio=_time(latency.iqr_ratio),
        channel_seconds=_time(latency.channel_seconds),
        ratio_to_yardstick=ratio,
        net_low_seconds=None if nets is None else nets.low,
        net_high_seconds=None if nets is None else nets.high,
        ratio_low=None if ratios is None else ratios.low,
        ratio_high=None if ratios is None else ratios.high,
        uncertainty=None if terms is None else Uncertainty(**vars(terms)),
        rounds=None,
        void_rounds=None,
    )


def _terms(terms: Uncertainty) -> IntervalTerms:
    return IntervalTerms(
        rounds=_rounded(terms.rounds, TERM_DIGITS),
        processes=_rounded(terms.processes, TERM_DIGITS),
        channel=_rounded(terms.channel, TERM_DIGITS),
    )


def _audit(audit: Audit) -> Audit:
    return msgspec.structs.replace(audit, detail=_NO_FIGURES)


def _time(seconds: float) -> float:
    return _rounded(seconds, TIME_DIGITS)


def _size(count: int | None, digits: int = SIZE_DIGITS) -> int | None:
    return None if count is None else int(_rounded(float(count), digits))


def _rounded(number: float, digits: int) -> float:
    """Return `number` rounded to `digits` significant digits."""
    return round(number, digits - 1 - math.floor(math.log10(abs(number)))) if number else number


def _rounded_if_any(number: float | None, digits: int) -> float | None:
    return None if number is None else _rounded(number, digits)
