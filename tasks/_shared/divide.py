"""Ways to divide items that `Split.hold_out` does not have. Published splits rest on them, so they stay as they are."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

import numpy as np

from harness.contract import Parts, Split


def hold_out_of_each(split: Split, fraction: float, seed: int) -> tuple[Split, Split]:
    """Divide into (rest, held out), the nearest whole number to `fraction` of each class, however small it is."""
    generator = np.random.Generator(np.random.PCG64(seed))
    held_out = np.zeros(len(split), bool)
    for label in np.unique(split.targets):
        members = generator.permutation(np.flatnonzero(split.targets == label))
        held_out[members[: round(fraction * len(members))]] = True
    return split.take(np.flatnonzero(~held_out)), split.take(np.flatnonzero(held_out))


def hold_out_groups(split: Split, groups: Sequence[Hashable], fraction: float, seed: int) -> tuple[Split, Split]:
    """Divide into (rest, held out) so that items of one group stay together, groups stratified by their first label.

    Here `fraction` is of the groups; `Split.hold_out(groups=…)`, for new tasks, holds out that share of the items.
    """
    first: dict[Hashable, int] = {}
    for item, group in enumerate(groups):
        first.setdefault(group, item)
    leaders = np.fromiter(first.values(), np.intp)
    _, chosen = Split(leaders, split.targets[leaders]).hold_out(fraction, seed)
    held = {groups[int(item)] for item in chosen.inputs}
    held_out = np.array([group in held for group in groups])
    return split.take(np.flatnonzero(~held_out)), split.take(np.flatnonzero(held_out))


def shuffled(parts: Parts, seed: int) -> Parts:
    """Return the same parts, each in an order that says nothing about its classes."""
    generator = np.random.Generator(np.random.PCG64(seed))
    train, validation, test = (
        None if part is None else part.take(generator.permutation(len(part)))
        for part in (parts.train, parts.validation, parts.test)
    )
    return Parts(train, validation, test)
