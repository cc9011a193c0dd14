"""How often intervals of ranks hold all true ranks of a simulated class, and intervals of people's items the truth.

pytest tests/benchmarks/test_coverage.py --benchmark-only -s

All true ranks of a class should be held in 95 % of classes, by intervals that are narrower than those of Holm's
correction. The simulations are seeded: the same code gives the same figures. Each metric at each task's size is
simulated in ``test_coverage_of_scores.py``.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from harness.statistics import (
    binomial_p_value,
    bootstrap,
    holm,
    mcnemar_p_value,
    percentile_interval,
    proportion_interval,
    rank_intervals,
    resampled_means,
    seed_noise,
)

Array = np.ndarray[Any, Any]

ITEMS, CLASSES, BY_HOLM, ALIKE = 624, 400, 50, 0.5
"""Test items of PneumoniaMNIST; simulated classes; those whose pairs are tested; how far models find items alike."""
ERROR = 0.01


def assert_not_too_low(held: Array) -> None:
    """Fail where the truth is held significantly less often than in 95 of 100 cases."""
    assert binomial_p_value(int((held == 0).sum()), len(held), 0.05) >= ERROR


def right_answers(shares: Array, items: int, generator: np.random.Generator) -> Array:
    """Return (M, N) which items models are right on, with these true shares."""
    from scipy.stats import norm

    latent = np.sqrt(ALIKE) * generator.normal(size=items)
    latent = latent + np.sqrt(1 - ALIKE) * generator.normal(size=(len(shares), items))
    right: Array = latent > norm.isf(shares)[:, None]
    return right


def true_ranks(shares: Array) -> tuple[Array, Array]:
    """Return the best and the worst rank of each model; equal ones share all of theirs."""
    better = shares[:, None] > shares
    return 1 + better.sum(axis=0), len(shares) - better.sum(axis=1)


def width_by_holm(right: Array) -> float:
    """Return how many places intervals of ranks span that come from McNemar's test of all pairs and Holm."""
    pairs = [(one, two) for one in range(len(right)) for two in range(one + 1, len(right))]
    adjusted = holm([mcnemar_p_value(right[one], right[two]) for one, two in pairs])
    return len(right) - 2 * sum(p <= 0.05 for p in adjusted) / len(right)


@pytest.mark.timeout(0)
@pytest.mark.parametrize("models", [10, 30, 100])
@pytest.mark.parametrize("lowest", [0.97, 0.90], ids=["all equal", "from .97 to .90"])
def test_intervals_hold_all_true_ranks(benchmark: Any, models: int, lowest: float) -> None:
    generator = np.random.default_rng(0)
    shares = np.linspace(0.97, lowest, models)
    low, high = true_ranks(shares)

    def one_class(seed: int) -> tuple[bool, float, float]:
        right = right_answers(shares, ITEMS, generator)
        found = rank_intervals(right.mean(axis=1), resampled_means(right, None, seed), ITEMS).ranks
        held = all(rank.low <= one and two <= rank.high for rank, one, two in zip(found, low, high, strict=True))
        width = float(np.mean([rank.high - rank.low + 1 for rank in found]))
        return held, width, width_by_holm(right) if seed < BY_HOLM else np.nan

    found = np.array(benchmark.pedantic(lambda: [one_class(seed) for seed in range(CLASSES)], rounds=1))
    held, (_, width, by_holm) = found[:, 0], found[:BY_HOLM].mean(axis=0)
    benchmark.extra_info.update(held=held.mean(), width=width, holm=by_holm)
    print(f"\n{models} models: all ranks held in {held.mean():.1%} of {CLASSES} classes")
    print(f"in {BY_HOLM} of them {width:.2f} places wide, by Holm {by_holm:.2f}")
    assert_not_too_low(held)
    assert width <= by_holm


@pytest.mark.timeout(0)
@pytest.mark.parametrize("repeats", [2, 3, 5])
def test_intervals_hold_all_true_ranks_over_items_and_seeds(benchmark: Any, repeats: int) -> None:
    """Thirty equal models whose seeds alone move a score by .01, as much as 624 items do."""
    from scipy.stats import norm

    generator = np.random.default_rng(0)
    models = 30

    def one_class(seed: int) -> bool:
        shares = np.clip(0.93 + 0.01 * generator.normal(size=(models, repeats)), 0.5, 0.999)
        hard = np.sqrt(ALIKE) * generator.normal(size=ITEMS)
        own = generator.normal(size=(models, 1, ITEMS)) * np.sqrt((1 - ALIKE) / 2)
        noise = generator.normal(size=(models, repeats, ITEMS)) * np.sqrt((1 - ALIKE) / 2)
        right = hard + own + noise > norm.isf(shares)[:, :, None]
        draws = resampled_means(right.mean(axis=1), None, seed) + seed_noise(right.mean(axis=2), seed + 1)
        found = rank_intervals(right.mean(axis=(1, 2)), draws, ITEMS).ranks
        return all(rank.low == 1 and rank.high == models for rank in found)

    held = np.array(benchmark.pedantic(lambda: [one_class(seed) for seed in range(CLASSES)], rounds=1))
    benchmark.extra_info["held"] = held.mean()
    print(f"\n{repeats} repeats: all ranks held in {held.mean():.1%} of {CLASSES} classes")
    assert_not_too_low(held)


@pytest.mark.timeout(0)
@pytest.mark.parametrize("people", [10, 30, 100])
@pytest.mark.parametrize("name", ["accuracy", "mean_absolute_error"])
def test_intervals_of_items_in_groups_hold_the_truth(benchmark: Any, name: str, people: int) -> None:
    """People give 5 to 30 items each, and differ: a tenth of the variance of an item is the person's."""
    generator = np.random.default_rng(0)

    def holds(seed: int) -> tuple[bool, bool]:
        counts = generator.integers(5, 31, people)
        groups = np.repeat(np.arange(people), counts)
        latent = np.sqrt(0.1) * generator.normal(size=people)[groups] + np.sqrt(0.9) * generator.normal(
            size=len(groups)
        )
        if name == "accuracy":
            right, truth = latent > -1, 0.841345
            intervals = [proportion_interval(right, groups), proportion_interval(right)]
        else:
            errors, truth = np.abs(latent), np.sqrt(2 / np.pi)
            draws = (bootstrap(lambda items: float(errors[items].mean()), len(errors), seed, 300, given)
                     for given in (groups, None))  # fmt: skip
            intervals = [percentile_interval(d, n) for d, n in zip(draws, (people, len(errors)), strict=True)]
        return tuple(low <= truth <= high for low, high in intervals)  # type: ignore[return-value] # there are two

    benchmark.pedantic(lambda: holds(0), rounds=1)
    held = np.mean([holds(seed) for seed in range(500)], axis=0)
    benchmark.extra_info.update(by_people=held[0], by_items=held[1])
    print(f"\n{name} of {people} people: held in {held[0]:.1%} by people, {held[1]:.1%} by items")
