"""Weigh a model: the numbers in its artifact, and everything it can know in bytes, held to the task's limits."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from harness.artifact import Attribute, count_contents
from harness.contract import Limits
from harness.errors import SubmissionError
from harness.evaluation._snapshot import Snapshot

VERIFIED_BELOW_BYTES, VERIFIED_BELOW_SHARE = 64 * 1024, 10
"""The count of parameters is verified where all else that could hold numbers is below 64 KiB, or below a tenth of the
arrays: then the count is right but for little, whatever was put there."""


_SHOWN, _WORTH_TELLING_BYTES = 5, 1024


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
    source_bytes: int = 0
    shipped_bytes: int = 0


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
        source_bytes=snapshot.source_bytes,
        shipped_bytes=snapshot.shipped_bytes,
    )


def describe_attributes(weight: Weight) -> str:
    """Say what the largest attributes of the model hold: "self.net 3,170 numbers, self.words 9,120 other bytes"."""
    largest = sorted(weight.attributes, key=_size, reverse=True)
    told = [text for text in map(_held, largest[:_SHOWN]) if text]
    rest = f" and {len(largest) - _SHOWN} more" if len(largest) > _SHOWN else ""
    return ", ".join(told) + rest if told else ""


def why_not_verified(weight: Weight) -> str:
    """Say what keeps the host from reading all of the model, and what to do about it."""
    if weight.unread:
        more = f" and {len(weight.unread) - 1} more" if len(weight.unread) > 1 else ""
        return (
            f"{weight.unread[0]}{more} could not be read, and counts a number for every four bytes: the default save, "
            ".safetensors, .npy and .npz can be read"
        )
    largest = max(weight.attributes, key=lambda attribute: attribute.other_bytes, default=None)
    if largest is not None and largest.other_bytes > weight.source_bytes + weight.shipped_bytes:
        return (
            f"self.{largest.name} holds {largest.other_bytes:,} bytes that are no array: what predict does not need, "
            "such as a history for a plot, delete at the end of fit; what it needs, such as a list of words, may stay"
        )
    return f"the submission's own files hold {weight.source_bytes + weight.shipped_bytes:,} bytes"


def _size(attribute: Attribute) -> int:
    return attribute.numbers * 4 + attribute.other_bytes


def _held(attribute: Attribute) -> str:
    parts = [f"{attribute.numbers:,} numbers"] if attribute.numbers else []
    parts += [f"{attribute.other_bytes:,} other bytes"] if attribute.other_bytes >= _WORTH_TELLING_BYTES else []
    return f"self.{attribute.name} {' and '.join(parts)}" if parts else ""


def _hold_to(name: str, found: int, limit: int | None) -> None:
    if limit is not None and found > limit:
        raise SubmissionError(
            "resource_limit", "weigh", f"the model has {name} {found:,}, limit {limit:,}: make it smaller"
        )
