"""Weigh a model: count its parameters and all bytes that can hold knowledge, and enforce the task's limits."""

from __future__ import annotations

import math
from dataclasses import dataclass

from harness.artifact import ArtifactContents, Attribute, SubmissionContents
from harness.contract import Limits
from harness.errors import SubmissionError
from harness.text import count_of

ALLOWANCE_BYTES = 8 * 1024
"""How many bytes of knowledge outside numeric arrays a model with a verified count of parameters may have. The source
of the largest known honest model has 7.6 KB."""
LITERALS_BYTES = 2 * 1024
"""How many of those bytes may be literals in the source; honest models use a third of it."""
VERIFIED_BELOW_SHARE = 10
"""The count is also verified if all other knowledge is below a tenth of the arrays, because then its error is small."""
_BYTES_A_NUMBER = 4
_SHOWN, _SHOWN_FROM_BYTES = 5, 1024
_OF_A_MODULE = {
    "_modules": "the modules of self",
    "_parameters": "the parameters of self",
    "_buffers": "the buffers of self",
}


@dataclass(frozen=True, kw_only=True)
class Weight:
    """The size of a model, and what it consists of."""

    parameters: int
    verified: bool
    artifact_bytes: int
    knowledge_bytes: int
    """The knowledge that the model can contain: the bytes of arrays, and the compressed size of everything else."""
    verified_if_single: bool = False
    """Whether the count is verified if the model works as well with its 64-bit floats in single precision."""
    beyond_bytes: int = 0
    """Bytes of knowledge outside numeric arrays, beyond the allowance."""
    attributes: tuple[Attribute, ...] = ()
    """The contents of each attribute, if the model was saved by the default `save`."""
    unread: tuple[str, ...] = ()
    """Files that cannot be read as arrays."""
    contents: ArtifactContents
    submission: SubmissionContents
    shipped_bytes: int = 0

    @property
    def counted_numbers(self) -> int:
        """The number that the limit applies to: parameters, plus one for every four bytes beyond the allowance."""
        return self.parameters + (0 if self.verified else math.ceil(self.beyond_bytes / _BYTES_A_NUMBER))

    def enforce(self, limits: Limits) -> None:
        """Raise if the model exceeds a limit.

        Raises:
            SubmissionError: the artifact or the number of parameters is over its limit.
        """
        _enforce("artifact_bytes", self.artifact_bytes, limits.artifact_bytes)
        beyond = self.counted_numbers - self.parameters
        explanation = f", {beyond:,} of them for {self.beyond_bytes:,} bytes outside numeric arrays" if beyond else ""
        _enforce("parameters", self.counted_numbers, limits.parameters, explanation)


def weigh(contents: ArtifactContents, submission: SubmissionContents, shipped_bytes: int) -> Weight:
    """Return the weight of a model from the contents of its artifact and of the submission's files.

    `shipped_bytes` is the size of the submission's data files.
    """
    around = contents.name_bytes + submission.source_bytes + submission.data_bytes + submission.name_bytes
    single = contents.other_bytes + contents.packed_bytes + around
    other = single + contents.wide_bytes
    return Weight(
        parameters=contents.numbers,
        verified=_is_verified(contents, submission, other),
        verified_if_single=_is_verified(contents, submission, single),
        artifact_bytes=contents.file_bytes,
        knowledge_bytes=contents.array_bytes + contents.other_bytes + _BYTES_A_NUMBER * contents.words + around,
        beyond_bytes=max(0, other - contents.unread_bytes - ALLOWANCE_BYTES),
        attributes=contents.attributes,
        unread=contents.unread,
        contents=contents,
        submission=submission,
        shipped_bytes=shipped_bytes,
    )


def _is_verified(contents: ArtifactContents, submission: SubmissionContents, other: int) -> bool:
    """Return whether the count of parameters is accurate despite `other` bytes of knowledge outside numeric arrays."""
    if contents.packed_bytes > ALLOWANCE_BYTES:  # however large the arrays are
        return False
    arrays = min(contents.array_bytes, _BYTES_A_NUMBER * contents.numbers)
    small = other <= ALLOWANCE_BYTES and submission.literal_bytes <= LITERALS_BYTES
    return small or other * VERIFIED_BELOW_SHARE < arrays


def describe_attributes(weight: Weight) -> str:
    """Describe the contents of the largest attributes: "self.net 3,170 numbers, self.words 9,120 other bytes"."""
    largest = sorted(weight.attributes, key=_size, reverse=True)
    described = [text for text in map(_describe_attribute, largest) if text]
    rest = f" and {len(described) - _SHOWN} more" if len(described) > _SHOWN else ""
    return ", ".join(described[:_SHOWN]) + rest


def why_not_verified(weight: Weight) -> str:
    """Say why the count of parameters is not verified, and what to do about it."""
    contents, submission = weight.contents, weight.submission
    if weight.unread:
        more = f" and {len(weight.unread) - 1} more" if len(weight.unread) > 1 else ""
        return (
            f"{weight.unread[0]}{more} could not be read, so every four bytes count as a number: the default save, "
            ".safetensors, .npy and .npz can be read"
        )
    largest = max(weight.attributes, key=lambda attribute: attribute.other_bytes, default=None)
    most = "" if largest is None else f", most of it {_named(largest)} ({largest.other_bytes:,} bytes as saved)"
    names, own = contents.name_bytes + submission.name_bytes, submission.source_bytes + submission.data_bytes
    written = f"texts, numbers and comments written in the source hold {submission.literal_bytes:,} bytes"
    if not weight.beyond_bytes:
        return f"{written}, at most {LITERALS_BYTES:,} are allowed"
    reasons = {
        f"arrays hold {contents.packed_bytes:,} bytes more than their numbers need": contents.packed_bytes,
        f"64-bit numbers hold {contents.wide_bytes:,} bytes more than single precision: keep them as "
        "float32": contents.wide_bytes,
        f"everything outside arrays holds {contents.other_bytes:,} bytes{most}: at the end of fit delete what predict "
        "does not need, such as a history for a plot; keep what it needs, such as a list of "
        "words": contents.other_bytes,
        written: submission.literal_bytes,
        f"the submission's own files hold {own:,} bytes": own - 1,  # on a tie the literals are named
        f"names of files and folders hold {names:,} bytes": names,
    }
    return max(reasons, key=lambda reason: reasons[reason])


def _size(attribute: Attribute) -> int:
    return attribute.numbers * _BYTES_A_NUMBER + attribute.other_bytes


def _describe_attribute(attribute: Attribute) -> str:
    parts = [count_of(attribute.numbers, "number", "numbers")] if attribute.numbers else []
    parts += [f"{attribute.other_bytes:,} other bytes"] if attribute.other_bytes >= _SHOWN_FROM_BYTES else []
    return f"{_named(attribute)} {' and '.join(parts)}" if parts else ""


def _named(attribute: Attribute) -> str:
    """Return how the student calls an attribute; a model that is a module of torch keeps its own in three others."""
    return _OF_A_MODULE.get(attribute.name, f"self.{attribute.name}")


def _enforce(name: str, found: int, limit: int | None, explanation: str = "") -> None:
    if limit is not None and found > limit:
        raise SubmissionError(
            "resource_limit", "weigh", f"the model has {name} {found:,}{explanation}, limit {limit:,}: make it smaller"
        )
