"""Cache computed ranks under the digest of their inputs."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from harness.files import write_atomically
from harness.leaderboard._standing import Ranked, Standings

_FORM = 2
"""Increased when standings are computed or stored in another way, so that older ones are not read."""


class KeptStandings:
    """A folder with one file for each set of comparable results; unused files are removed."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._used: set[str] = set()

    def get(self, ranked: Sequence[Ranked], compute: Callable[[Sequence[Ranked]], Standings]) -> Standings:
        """Return the cached standings of `ranked`, or compute and cache them."""
        name = f"{_digest(ranked)}.msgpack"
        self._used.add(name)
        path = self._folder / name
        try:
            return msgspec.msgpack.decode(path.read_bytes(), type=Standings)
        except (OSError, msgspec.DecodeError):  # a missing or damaged file is computed again
            standings = compute(ranked)
        self._folder.mkdir(parents=True, exist_ok=True)
        write_atomically(path, msgspec.msgpack.encode(standings), 0o600)
        return standings

    def remove_unused(self) -> None:
        """Remove the files that were not used."""
        for path in self._folder.glob("*.msgpack"):
            if path.name not in self._used:
                path.unlink(missing_ok=True)


def _digest(ranked: Sequence[Ranked]) -> str:
    """Return the digest of everything on which the standings depend."""
    parts = [
        (
            one.record.submission.name,
            one.score,
            one.record.baseline.value,
            [repeat.value for repeat in one.record.run.repeats],
            None if one.items is None else one.record.run.evidence_digest,
        )
        for one in ranked
    ]
    return hashlib.sha256(msgspec.json.encode((_FORM, ranked[0].record.task, parts))).hexdigest()
