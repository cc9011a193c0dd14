"""Weigh a model: the numbers in it, and everything it can know in bytes, held to the task's limits."""

from __future__ import annotations

import math
from dataclasses import dataclass

from harness.artifact import ArtifactContents, Attribute, Beside
from harness.contract import Limits
from harness.errors import SubmissionError

ALLOWANCE_BYTES = 8 * 1024
"""What may be known by other means than numbers in arrays before the count of parameters is not verified: the source of
the largest honest model there is holds 7.6 KB of it."""
LITERALS_BYTES = 2 * 1024
"""Of that, texts and numbers that stand in the source: those of honest models hold a third of it."""
VERIFIED_BELOW_SHARE = 10
"""Or below a tenth of the arrays: then the count is right but for little, whatever was put there."""
_BYTES_A_NUMBER = 4
_SHOWN, _WORTH_TELLING_BYTES = 5, 1024


@dataclass(frozen=True, kw_only=True)
class Weight:
    """What a model is made of."""

    parameters: int
    verified: bool
    artifact_bytes: int
    knowledge_bytes: int
    """What it can know: arrays, and of all else what it compresses to, names and structure and source among it."""
    verified_if_single: bool = False
    """Whether the count is verified where floats of 64 bits say no more than single precision does."""
    beyond_bytes: int = 0
    """What is known by other means than numbers, beyond the allowance."""
    attributes: tuple[Attribute, ...] = ()
    """What the default save says that each attribute holds."""
    unread: tuple[str, ...] = ()
    """Files that the host cannot read as arrays."""
    contents: ArtifactContents
    beside: Beside
    shipped_bytes: int = 0

    @property
    def held_numbers(self) -> int:
        """Parameters, and a number for every four bytes beyond the allowance: what a limit is held against."""
        return self.parameters + (0 if self.verified else math.ceil(self.beyond_bytes / _BYTES_A_NUMBER))

    def hold_to(self, limits: Limits) -> None:
        """Refuse a model over a limit.

        Raises:
            SubmissionError: the artifact or the number of parameters is over its limit.
        """
        _hold_to("artifact_bytes", self.artifact_bytes, limits.artifact_bytes)
        beyond = self.held_numbers - self.parameters
        told = f", {beyond:,} of them for {self.beyond_bytes:,} bytes that are no numbers in arrays" if beyond else ""
        _hold_to("parameters", self.held_numbers, limits.parameters, told)


def weigh(contents: ArtifactContents, beside: Beside, shipped_bytes: int) -> Weight:
    """Return what a model weighs that was counted so; files of data beside it hold `shipped_bytes`."""
    around = contents.name_bytes + beside.source_bytes + beside.data_bytes + beside.name_bytes
    single = contents.other_bytes + contents.packed_bytes + around
    other = single + contents.wide_bytes
    return Weight(
        parameters=contents.numbers,
        verified=_is_verified(contents, beside, other),
        verified_if_single=_is_verified(contents, beside, single),
        artifact_bytes=contents.file_bytes,
        knowledge_bytes=contents.array_bytes + contents.other_bytes + _BYTES_A_NUMBER * contents.words + around,
        beyond_bytes=max(0, other - contents.unread_bytes - ALLOWANCE_BYTES),
        attributes=contents.attributes,
        unread=contents.unread,
        contents=contents,
        beside=beside,
        shipped_bytes=shipped_bytes,
    )


def _is_verified(contents: ArtifactContents, beside: Beside, other: int) -> bool:
    """Tell whether the count is right but for little where `other` bytes are known by other means than numbers."""
    if contents.packed_bytes > ALLOWANCE_BYTES:  # however large the arrays are that hold it
        return False
    arrays = min(contents.array_bytes, _BYTES_A_NUMBER * contents.numbers)
    small = other <= ALLOWANCE_BYTES and beside.literal_bytes <= LITERALS_BYTES
    return small or other * VERIFIED_BELOW_SHARE < arrays


def describe_attributes(weight: Weight) -> str:
    """Say what the largest attributes of the model hold: "self.net 3,170 numbers, self.words 9,120 other bytes"."""
    largest = sorted(weight.attributes, key=_size, reverse=True)
    told = [text for text in map(_held, largest[:_SHOWN]) if text]
    rest = f" and {len(largest) - _SHOWN} more" if len(largest) > _SHOWN else ""
    return ", ".join(told) + rest if told else ""


def why_not_verified(weight: Weight) -> str:
    """Say what keeps the count from being all that the model can know, and what to do about it."""
    contents, beside = weight.contents, weight.beside
    if weight.unread:
        more = f" and {len(weight.unread) - 1} more" if len(weight.unread) > 1 else ""
        return (
            f"{weight.unread[0]}{more} could not be read, and counts a number for every four bytes: the default save, "
            ".safetensors, .npy and .npz can be read"
        )
    largest = max(weight.attributes, key=lambda attribute: attribute.other_bytes, default=None)
    most = "" if largest is None else f", most of it self.{largest.name} ({largest.other_bytes:,} bytes as saved)"
    names, own = contents.name_bytes + beside.name_bytes, beside.source_bytes + beside.data_bytes
    written = f"texts, numbers and comments written in the source hold {beside.literal_bytes:,} bytes"
    if not weight.beyond_bytes:
        return f"{written}, {LITERALS_BYTES:,} are usual"
    reasons = {
        f"numbers in arrays hold {contents.packed_bytes:,} bytes more than numbers say": contents.packed_bytes,
        f"numbers of 64 bits hold {contents.wide_bytes:,} bytes more than single precision: keep them as "
        "float32": contents.wide_bytes,
        f"what is no array holds {contents.other_bytes:,} bytes{most}: what predict does not need, such as a history "
        "for a plot, delete at the end of fit; what it needs, such as a list of words, may "
        "stay": contents.other_bytes,
        written: beside.literal_bytes,
        f"the submission's own files hold {own:,} bytes": own - 1,  # where it is all text in the source, that is said
        f"names of files and folders hold {names:,} bytes": names,
    }
    return max(reasons, key=lambda reason: reasons[reason])


def _size(attribute: Attribute) -> int:
    return attribute.numbers * _BYTES_A_NUMBER + attribute.other_bytes


def _held(attribute: Attribute) -> str:
    parts = [f"{attribute.numbers:,} numbers"] if attribute.numbers else []
    parts += [f"{attribute.other_bytes:,} other bytes"] if attribute.other_bytes >= _WORTH_TELLING_BYTES else []
    return f"self.{attribute.name} {' and '.join(parts)}" if parts else ""


def _hold_to(name: str, found: int, limit: int | None, told: str = "") -> None:
    if limit is not None and found > limit:
        raise SubmissionError(
            "resource_limit", "weigh", f"the model has {name} {found:,}{told}, limit {limit:,}: make it smaller"
        )
