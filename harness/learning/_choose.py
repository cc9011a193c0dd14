"""Choose the submissions that are worth testing: the best of each task, and those that look unusual."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from harness.record import Record

_QUICK_SECONDS = 0.1
_OUTSIDE_ARTIFACT_BYTES = 16 << 10
_OF_TABLES = ("altered inputs keep their answers", "altered inputs score as well")
"""The names of audits that look for a table of answers. Those that remain warnings leave a doubt."""


def worth_testing(ranked: Sequence[Record]) -> Iterator[tuple[Record, str]]:
    """Yield the records to audit from one ranking, which has the best first, each with the reason.

    Loaded models are left out because they were not trained here, and models below the baseline because they have
    little to hide.
    """
    for place, record in enumerate(one for one in ranked if one.status == "passed"):
        if record.submission.mode != "trained":
            continue
        reasons = ["the best of its task"] if place == 0 else []
        reasons += _odd(record)
        if reasons:
            yield record, ", ".join(reasons)


def _odd(record: Record) -> list[str]:
    cost = record.cost
    reasons = []
    if cost.fit_seconds is not None and cost.fit_seconds < _QUICK_SECONDS:
        reasons.append(f"fit took {cost.fit_seconds:.2f} s")
    if cost.parameters_verified is False:
        reasons.append("its parameters are not verified")
    if cost.knowledge_bytes is not None and cost.artifact_bytes is not None:
        outside = cost.knowledge_bytes - cost.artifact_bytes
        if outside > _OUTSIDE_ARTIFACT_BYTES:
            reasons.append(f"its source and files contain {outside:,} bytes")
    reasons += [f"it did not pass *{one.name}*" for one in record.audits if not one.passed and one.name in _OF_TABLES]
    return reasons
