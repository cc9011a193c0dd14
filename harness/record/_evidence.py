"""The private evidence behind a record, which is never published."""

from __future__ import annotations

import hashlib
import io
import zipfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from harness.files import write_atomically

Array = np.ndarray[Any, Any]

_ITEMS = "items.npz"
_LATENCY = "latency.npz"
_CURVE = "curve.json"
_COMPARED = "compared.msgpack"
_EXAMPLES = "examples.npz"

MAX_EXAMPLES = 64
"""Maximum number of items, of the parts that `fit` was given, whose predictions are in the evidence."""
MAX_EXAMPLES_BYTES = 8 << 20
"""Maximum size of these predictions in memory; larger ones are left out."""


@dataclass(frozen=True, eq=False)
class Compared:
    """The part of the evidence that is used for ranking. It is small, because a leaderboard reads thousands."""

    outcomes: Array | None
    draws: Array | None
    later_outcomes: Array | None = None
    groups: Array | None = None

    @property
    def items(self) -> Array | None:
        """(N,) how often each prediction is right over all repeats; None if predictions are not right or wrong."""
        if self.outcomes is None:
            return None
        rows = [self.outcomes] if self.later_outcomes is None else [self.outcomes, *self.later_outcomes]
        mean: Array = np.mean(rows, axis=0)
        return mean

    def pack(self) -> bytes:
        """Return this object as bytes, for storage."""
        return msgspec.msgpack.encode(_pack_compared("", self))

    @classmethod
    def unpack(cls, packed: bytes) -> Compared:
        """Return the object that `pack` packed.

        Raises:
            ValueError: the bytes are damaged.
        """
        return _unpack_compared(msgspec.msgpack.decode(packed, type=_Packed))


class _Packed(msgspec.Struct, frozen=True):
    items_digest: str
    n: int
    outcomes: bytes | None
    """One bit for each item."""
    draws: bytes | None
    later_outcomes: bytes | None = None
    """One bit for each item and repeat."""
    n_later: int = 0
    groups: bytes | None = None


class PhaseSpan(msgspec.Struct, frozen=True):
    """The beginning and the end of a phase of the evaluation, in seconds from the start of the first phase."""

    name: str
    begin: float
    end: float


class MemoryUse(msgspec.Struct, frozen=True):
    """The memory of one worker over time: seconds from the start of the first phase, and bytes."""

    seconds: tuple[float, ...]
    used_bytes: tuple[int, ...]


class Timeline(msgspec.Struct, frozen=True):
    """The timeline of the first repeat, without the time spent waiting for other evaluations on the machine."""

    phases: tuple[PhaseSpan, ...] = ()
    memory: tuple[MemoryUse, ...] = ()
    """The workers that fitted, predicted and were timed, in this order, as far as the evaluation came."""


class _Curve(msgspec.Struct, frozen=True):
    items_digest: str
    curve: tuple[dict[str, float], ...]
    timeline: Timeline | None = None


@dataclass(frozen=True, eq=False)
class WordWeights:
    """The weight of each word of a text in the model's answer."""

    item: int
    """The position of the text in the validation part that `fit` was given."""
    weights: Array
    """(W,) how much weaker the answer is without each of the first words; negative if it is stronger."""


@dataclass(frozen=True, kw_only=True, eq=False)
class ExampleAnswers:
    """Predictions for a few items of the validation part that `fit` was given, never for scored items."""

    items: Array
    """(K,) positions of the items in that part."""
    values: Array | list[Array]
    """One prediction per item; a list if they differ in length, as boxes do."""
    scores: Array | None = None
    words: tuple[WordWeights, ...] = ()
    """The words of a few of the hardest items, if inputs are texts."""

    @property
    def nbytes(self) -> int:
        """The size in memory."""
        return sum(array.nbytes for array in _flat("", self.values, self.scores).values())


@dataclass(frozen=True, kw_only=True, eq=False)
class Evidence:
    """The predictions for each item and whether they are right, the raw latencies, and the learning curve."""

    outcomes: Array | None = None
    """(N,) bool: whether each prediction is right; None if the primary metric is not a proportion."""
    later_outcomes: Array | None = None
    """(R - 1, N) bool: the same for the later repeats; None if there are none."""
    groups: Array | None = None
    """(N,) int: the group of each item; None if items are independent."""
    predictions: Array | list[Array] | None = None
    """One for each item; a list if they differ in length, as boxes do."""
    scores: Array | None = None
    draws: Array | None = None
    """Bootstrap draws of a primary metric that is not a proportion, on the same resampled items for everybody."""
    latencies: Array | None = None
    """Seconds of each timed request, in order."""
    drawn: Array | None = None
    """The item of each timed request."""
    curve: tuple[dict[str, float], ...] = field(default=())
    examples: ExampleAnswers | None = None
    """What the model logged while it learned; not part of the digest."""
    timeline: Timeline | None = None
    """None in evidence of earlier versions."""

    @property
    def digest(self) -> str:
        """The digest of the predictions, which is the same for equal runs regardless of timing."""
        digest = hashlib.sha256()
        for name, array in sorted(self._items().items()):
            digest.update(f"{name} {array.dtype.str} {array.shape}\0".encode() + array.tobytes())
        return f"sha256:{digest.hexdigest()}"

    def compared(self) -> Compared:
        """Return the part that is used for ranking."""
        return Compared(self.outcomes, self.draws, self.later_outcomes, self.groups)

    def pack(self) -> bytes:
        """Return the evidence as bytes, to be sent to another process."""
        arrays = self._items() | self._timed() | self._answers()
        return msgspec.msgpack.encode((_npz(arrays), self.curve, self.timeline))

    @classmethod
    def unpack(cls, packed: bytes) -> Evidence:
        """Return the object that `pack` packed."""
        form = tuple[bytes, tuple[dict[str, float], ...], Timeline | None]
        arrays, curve, timeline = msgspec.msgpack.decode(packed, type=form)
        return cls(**_fields(_read_npz(arrays)), curve=curve, timeline=timeline)

    def _items(self) -> dict[str, Array]:
        named = {
            "outcomes": self.outcomes,
            "later_outcomes": self.later_outcomes,
            "groups": self.groups,
            "draws": self.draws,
        }
        given = {name: array for name, array in named.items() if array is not None}
        return given | _flat("", self.predictions, self.scores)

    def _timed(self) -> dict[str, Array]:
        named = {"latencies": self.latencies, "drawn": self.drawn}
        return {name: array for name, array in named.items() if array is not None}

    def _answers(self) -> dict[str, Array]:
        if self.examples is None or self.examples.nbytes > MAX_EXAMPLES_BYTES:
            return {}
        words = self.examples.words
        weighed = {
            "example_words_of": np.array([one.item for one in words], np.int64),
            "example_words_lengths": np.array([len(one.weights) for one in words], np.int64),
            "example_words": np.concatenate([np.zeros(0), *(one.weights for one in words)]),
        }
        answers = _flat("example_", self.examples.values, self.examples.scores)
        return {"example_items": self.examples.items} | answers | (weighed if words else {})


class EvidenceStore:
    """``.harness/evidence/<task>/<submission>/`` of a course."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def folder(self, task: str, submission: str) -> Path:
        """Return the folder of a submission's evidence."""
        return self._folder / task / submission

    def write(self, task: str, submission: str, evidence: Evidence) -> None:
        """Store `evidence` for the newest record."""
        folder = self.folder(task, submission)
        folder.mkdir(parents=True, exist_ok=True)
        self._folder.chmod(0o700)
        write_atomically(folder / _ITEMS, _npz(evidence._items()), 0o600)
        write_atomically(folder / _LATENCY, _npz(evidence._timed()), 0o600)
        write_atomically(folder / _EXAMPLES, _npz(evidence._answers()), 0o600)
        digest = evidence.digest
        write_atomically(folder / _COMPARED, msgspec.msgpack.encode(_pack_compared(digest, evidence)), 0o600)
        write_atomically(folder / _CURVE, msgspec.json.encode(_Curve(digest, evidence.curve, evidence.timeline)), 0o600)

    def read(self, task: str, submission: str) -> Evidence | None:
        """Return the evidence, or None if it is missing, unreadable or damaged."""
        folder = self._folder / task / submission
        try:
            kept = msgspec.json.decode((folder / _CURVE).read_bytes(), type=_Curve)
            arrays = _arrays(folder / _ITEMS) | _arrays(folder / _LATENCY)
            if (folder / _EXAMPLES).exists():  # earlier versions did not write it
                arrays |= _arrays(folder / _EXAMPLES)
            evidence = Evidence(**_fields(arrays), curve=kept.curve, timeline=kept.timeline)
        except Exception:  # a damaged archive fails in many ways, and evidence is optional
            return None
        return evidence if evidence.digest == kept.items_digest else None

    def compared(self, task: str, submission: str, digest: str | None) -> Compared | None:
        """Return the part that is used for ranking, or None if the evidence does not have this digest."""
        try:
            content = (self._folder / task / submission / _COMPARED).read_bytes()
            packed = msgspec.msgpack.decode(content, type=_Packed)
            return _unpack_compared(packed) if packed.items_digest == digest else None
        except (OSError, msgspec.DecodeError, ValueError):  # written by an earlier harness, or damaged
            evidence = self.read(task, submission)
            same = evidence is not None and evidence.digest == digest
            if evidence is None or not same:
                return None
            return evidence.compared()


def _pack_compared(digest: str, evidence: Evidence | Compared) -> _Packed:
    outcomes, draws = evidence.outcomes, evidence.draws
    return _Packed(
        items_digest=digest,
        n=0 if outcomes is None else len(outcomes),
        outcomes=None if outcomes is None else np.packbits(outcomes).tobytes(),
        draws=None if draws is None else np.asarray(draws, np.float64).tobytes(),
        later_outcomes=None if evidence.later_outcomes is None else np.packbits(evidence.later_outcomes).tobytes(),
        n_later=0 if evidence.later_outcomes is None else len(evidence.later_outcomes),
        groups=None if evidence.groups is None else np.asarray(evidence.groups, np.int64).tobytes(),
    )


def _unpack_compared(packed: _Packed) -> Compared:
    outcomes = None if packed.outcomes is None else _bits(packed.outcomes, packed.n)
    later = None
    if packed.later_outcomes is not None:
        shape = (packed.n_later, packed.n)
        later = _bits(packed.later_outcomes, packed.n_later * packed.n).reshape(shape)
    return Compared(
        outcomes,
        None if packed.draws is None else np.frombuffer(packed.draws, np.float64),
        later,
        None if packed.groups is None else np.frombuffer(packed.groups, np.int64),
    )


def _bits(content: bytes, count: int) -> Array:
    return np.unpackbits(np.frombuffer(content, np.uint8), count=count).view(bool)


def _flat(prefix: str, values: Array | list[Array] | None, scores: Array | None) -> dict[str, Array]:
    """Return predictions as arrays by name; predictions of different lengths become one array and the lengths."""
    named: dict[str, Array] = {}
    if isinstance(values, list):
        named["predictions"] = np.concatenate([np.zeros((0, 6)), *values])
        named["lengths"] = np.array([len(one) for one in values], np.int64)
    elif values is not None:
        named["predictions"] = values
    if scores is not None:
        named["scores"] = scores
    return {prefix + name: array for name, array in named.items()}


def _fields(arrays: dict[str, Array]) -> dict[str, Any]:
    """Return the fields of an `Evidence` from the arrays in its file."""
    fields: dict[str, Any] = {name: array for name, array in arrays.items() if not name.startswith("example_")}
    if "lengths" in fields:
        fields["predictions"] = _divided(fields["predictions"], fields.pop("lengths"))
    if "example_items" in arrays:
        values = arrays["example_predictions"]
        lengths = arrays.get("example_lengths")
        fields["examples"] = ExampleAnswers(
            items=arrays["example_items"],
            values=values if lengths is None else _divided(values, lengths),
            scores=arrays.get("example_scores"),
            words=_word_weights(arrays),
        )
    return fields


def _word_weights(arrays: dict[str, Array]) -> tuple[WordWeights, ...]:
    if "example_words" not in arrays:
        return ()
    divided = _divided(arrays["example_words"], arrays["example_words_lengths"])
    items = arrays["example_words_of"].tolist()
    return tuple(WordWeights(item, weights) for item, weights in zip(items, divided, strict=True))


def _divided(joined: Array, lengths: Array) -> list[Array]:
    return np.split(joined, np.cumsum(lengths)[:-1]) if len(lengths) else []


def _npz(arrays: dict[str, Array]) -> bytes:
    """Return arrays in npz format without time stamps, so that the same arrays give the same bytes."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, array in sorted(arrays.items()):
            content = io.BytesIO()
            np.lib.format.write_array(content, array, allow_pickle=False)
            archive.writestr(zipfile.ZipInfo(f"{name}.npy"), content.getvalue(), zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def _arrays(path: Path) -> dict[str, Array]:
    return _read_npz(path.read_bytes())


def _read_npz(content: bytes) -> dict[str, Array]:
    with np.load(io.BytesIO(content), allow_pickle=False) as archive:
        return dict(archive)
