"""Analyse the scored items with the results of a class, only for instructors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.leaderboard._build import RankedGroup
from harness.record import Evidence, EvidenceStore

_FEWEST_MODELS = 3


@dataclass(frozen=True)
class ItemFinding:
    """One scored item, given by its position in the scored part, counted from 0."""

    item: int
    right: float
    """The share of models that get it right."""
    discrimination: float
    """The correlation of getting it right with the score on all other items (Ebel 1954; corrected item-total)."""


@dataclass(frozen=True)
class Ensemble:
    """The score of a vote of all models, and the contribution of each model."""

    score: float
    best: float
    """The score of the best single model."""
    added: tuple[tuple[str, float], ...]
    """The loss of the vote without each model, largest first (leave one out, as RAMP's contributivity)."""


@dataclass(frozen=True)
class ItemAnalysis:
    """The findings; None or empty if fewer than three models have evidence about which items are right."""

    models: tuple[str, ...]
    without_evidence: tuple[str, ...]
    nobody: tuple[ItemFinding, ...] = ()
    """Items that no model gets right, whose labels may be wrong."""
    reversed: tuple[ItemFinding, ...] = ()
    """Items that better models get right less often, whose labels may be wrong."""
    separating: tuple[ItemFinding, ...] = ()
    """Items that best separate good models from bad ones."""
    ensemble: Ensemble | None = None
    """The vote of all models; None if they do not predict labels."""


def analyse_items(group: RankedGroup, store: EvidenceStore, most: int = 10) -> ItemAnalysis:
    """Return what the scored models of `group` say about the items, with at most `most` items of each kind."""
    names = [row.record.submission.name for row in group.rows if row.has_score]
    digests = {row.record.submission.name: row.record.run.evidence_digest for row in group.rows}
    found = {name: store.read(group.key.task, name) for name in names}
    there = {
        name: evidence
        for name, evidence in found.items()
        if evidence is not None and evidence.outcomes is not None and evidence.digest == digests[name]
    }
    without = tuple(name for name in names if name not in there)
    if len(there) < _FEWEST_MODELS:
        return ItemAnalysis(tuple(there), without)
    right = np.stack([np.asarray(evidence.outcomes, bool) for evidence in there.values()])
    items = _findings(right)
    known = [item for item in items if 0 < item.right < 1]
    return ItemAnalysis(
        models=tuple(there),
        without_evidence=without,
        nobody=tuple(item for item in items if item.right == 0)[:most],
        reversed=tuple(sorted((i for i in known if i.discrimination < 0), key=lambda i: i.discrimination))[:most],
        separating=tuple(sorted((i for i in known if i.discrimination > 0), key=lambda i: -i.discrimination))[:most],
        ensemble=_ensemble(list(there), list(there.values()), right),
    )


def _findings(right: NDArray[np.bool_]) -> list[ItemFinding]:
    totals = right.sum(axis=1)
    return [
        ItemFinding(item=number, right=float(column.mean()), discrimination=_correlation(column, totals - column))
        for number, column in enumerate(right.T)
    ]


def _correlation(first: NDArray[Any], second: NDArray[Any]) -> float:
    """Return the correlation of two samples; 0 if one of them does not vary."""
    one, two = first - first.mean(), second - second.mean()
    size = float(np.sqrt((one @ one) * (two @ two)))
    return float(one @ two) / size if size else 0.0


def _ensemble(names: Sequence[str], evidence: Sequence[Evidence], right: NDArray[np.bool_]) -> Ensemble | None:
    """Return the score of a vote. If no model is right on an item, the truth is unknown, and the vote is wrong."""
    given = [one.predictions for one in evidence]
    if not all(isinstance(one, np.ndarray) and one.ndim == 1 and one.dtype.kind in "iu" for one in given):
        return None
    labels = np.stack([np.asarray(one, np.int64) for one in given])
    truth = np.where(right.any(axis=0), labels[right.argmax(axis=0), np.arange(labels.shape[1])], -1)
    whole = _vote(labels, truth)
    added = [(name, whole - _vote(np.delete(labels, place, axis=0), truth)) for place, name in enumerate(names)]
    return Ensemble(
        score=whole,
        best=float(right.mean(axis=1).max()),
        added=tuple(sorted(added, key=lambda one: (-one[1], one[0]))),
    )


def _vote(labels: NDArray[np.int64], truth: NDArray[np.int64]) -> float:
    """Return the share of items that the vote labels right; the best model breaks ties."""
    votes = np.stack([(labels == label).sum(axis=0) for label in range(int(labels.max()) + 1)])
    most = votes.max(axis=0)
    backed = np.take_along_axis(votes, labels, axis=0) == most
    chosen = labels[backed.argmax(axis=0), np.arange(labels.shape[1])]
    return float((chosen == truth).mean())
