"""What a record may say of a private part until the final board."""

from __future__ import annotations

import msgspec

from harness.record import PublicScore, Record


def is_ladder(record: Record) -> bool:
    """Return whether scores of `record` are of a private part of which the Ladder decides what is released."""
    task = record.task
    return task.public_scores == "ladder" and task.test_labels == "private" and task.scored_on == "test"


def withheld(record: Record, released: PublicScore | None) -> Record:
    """Return `record` with the score that is `released`, and without all else that was computed from the private part.

    These are the scores with their intervals, the comparison with the baseline, whether it passed, the audits (some
    compare scores), what is claimed beside them, and the digest of the evidence, so that nothing ranks it. A failure is
    told, because it is no function of the private labels; but one that an audit found is not told, because it may be.
    """
    failure = record.failure
    is_told = failure is not None and failure.phase != "audit"
    return msgspec.structs.replace(
        record,
        status="failed" if is_told else "withheld",
        failure=failure if is_told else None,
        scores=(),
        baseline=msgspec.structs.replace(record.baseline, met=None, p_value=None),
        audits=(),
        run=msgspec.structs.replace(record.run, repeats=(), evidence_digest=None),
        claims=None,
        public_score=released,
    )
