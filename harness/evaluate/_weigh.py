"""Weigh a model: the numbers in its artifact, and everything it can know in bytes, held to the task's limits."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from harness.artifact import count_contents
from harness.contract import Limits, SubmissionError
from harness.evaluate._snapshot import Snapshot

VERIFIED_BELOW_BYTES = 64 * 1024


@dataclass(frozen=True, kw_only=True)
class Weight:
    """What a model is made of."""

    parameters: int
    verified: bool
    artifact_bytes: int
    knowledge_bytes: int


def weigh(artifact: Path, snapshot: Snapshot, limits: Limits) -> Weight:
    """Weigh `artifact`, a folder of regular files that no worker can write to any more.

    Raises:
        SubmissionError: the artifact or the number of parameters is over its limit.
    """
    contents = count_contents(artifact)
    beside = contents.name_bytes + snapshot.source_bytes + snapshot.shipped_bytes
    _hold_to("artifact_bytes", contents.file_bytes, limits.artifact_bytes)
    _hold_to("parameters", contents.numbers, limits.parameters)
    return Weight(
        parameters=contents.numbers,
        verified=contents.other_bytes + beside < VERIFIED_BELOW_BYTES,
        artifact_bytes=contents.file_bytes,
        knowledge_bytes=contents.file_bytes + beside,
    )


def _hold_to(name: str, found: int, limit: int | None) -> None:
    if limit is not None and found > limit:
        raise SubmissionError(
            "resource_limit", "weigh", f"the model has {name} {found:,}, limit {limit:,}: make it smaller"
        )
