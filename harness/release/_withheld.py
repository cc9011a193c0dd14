"""Withhold what a record must not say about a private part before the final board."""

from __future__ import annotations

import msgspec

from harness.record import PublicScore, Record


def is_ladder(record: Record) -> bool:
    """Return whether `record` was scored on a private part whose scores are released by the Ladder."""
    task = record.task
    return task.public_scores == "ladder" and task.test_labels == "private" and task.scored_on == "test"


def withheld(record: Record, released: PublicScore | None) -> Record:
    """Return `record` with the `released` score, and without anything else that was computed from the private part.

    That is the scores with their intervals, the comparison with the baseline, whether it passed, the audits (some
    compare scores), the claims, and the digest of the evidence, so that nothing ranks it. A failure is kept, because
    it does not depend on the private labels, unless an audit found it, because audits may depend on them.
    """
    failure = record.failure
    is_published = failure is not None and failure.phase != "audit"
    return msgspec.structs.replace(
        record,
        status="failed" if is_published else "withheld",
        failure=failure if is_published else None,
        scores=(),
        baseline=msgspec.structs.replace(record.baseline, met=None, p_value=None),
        audits=(),
        run=msgspec.structs.replace(record.run, repeats=(), evidence_digest=None),
        claims=None,
        public_score=released,
    )
