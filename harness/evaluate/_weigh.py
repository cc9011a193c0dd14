"""Weigh a model: the numbers in its artifact, and everything it can know in bytes, held to the task's limits."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from harness.artifact import Attribute, count_contents
from harness.contract import Limits, SubmissionError
from harness.evaluate._snapshot import Snapshot

VERIFIED_BELOW_BYTES, VERIFIED_BELOW_SHARE = 64 * 1024, 10
"""The count of parameters is verified where all else that could hold numbers is below 64 KiB, or below a tenth of the
arrays: then the count is right but for little, whatever was put there."""


@dataclass(frozen=True, kw_only=True)
class Weight:
    """What a model is made of."""

    parameters: int
    verified: bool
    artifact_bytes: int
    knowledge_bytes: int
    attributes: tuple[Attribute, ...] = ()
    """What the default save says that each attribute holds."""
    unread: tuple[str, ...] = ()
    """Files that the host cannot read as arrays."""


def weigh(artifact: Path, snapshot: Snapshot, limits: Limits) -> Weight:
    """Weigh `artifact`, a folder of regular files that no worker can write to any more.

    Raises:
        SubmissionError: the artifact or the number of parameters is over its limit.
    """
    contents = count_contents(artifact)
    beside = contents.name_bytes + snapshot.source_bytes + snapshot.shipped_bytes
    _hold_to("artifact_bytes", contents.file_bytes, limits.artifact_bytes)
    _hold_to("parameters", contents.numbers, limits.parameters)
    other = contents.other_bytes + beside
    return Weight(
        parameters=contents.numbers,
        verified=other < VERIFIED_BELOW_BYTES or other * VERIFIED_BELOW_SHARE < contents.array_bytes,
        artifact_bytes=contents.file_bytes,
        knowledge_bytes=contents.file_bytes + beside,
        attributes=contents.attributes,
        unread=contents.unread,
    )


def _hold_to(name: str, found: int, limit: int | None) -> None:
    if limit is not None and found > limit:
        raise SubmissionError(
            "resource_limit", "weigh", f"the model has {name} {found:,}, limit {limit:,}: make it smaller"
        )
