"""How often intervals of scores and of ranks hold the truth, in simulated classes and tasks.

pytest tests/benchmarks/test_coverage.py --benchmark-only -s

All true ranks of a class should be held in 95 % of classes, and the true value of a metric in 95 % of samples. The
simulations are seeded: the same code gives the same figures.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from harness import metrics
from harness.contract import Metric, Predictions
from harness.statistics import (
    Resampled,
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

ITEMS, CLASSES, ALIKE = 624, 100, 0.5
"""Test items of PneumoniaMNIST; simulated classes; how far models find the same items hard."""


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
        return held, width, width_by_holm(right) if seed < 200 // models else np.nan

    benchmark.pedantic(lambda: one_class(0), rounds=1)
    found = np.array([one_class(seed) for seed in range(CLASSES if models > 30 else 4 * CLASSES)])
    held, width, by_holm = found[:, 0].mean(), found[:, 1].mean(), np.nanmean(found[:, 2])
    benchmark.extra_info.update(held=held, width=width, holm=by_holm)
    print(
        f"\n{models} models: all ranks held in {held:.1%} of {len(found)} classes, {width:.1f} wide, Holm {by_holm:.1f}"
    )


@pytest.mark.timeout(0)
@pytest.mark.parametrize("repeats", [2, 3, 5])
def test_intervals_hold_all_true_ranks_over_items_and_seeds(benchmark: Any, repeats: int) -> None:
    """Thirty equal models whose seeds alone move a score by .01, as much as 624 items do."""
    from scipy.stats import norm

    generator = np.random.default_rng(0)
    models, classes = 30, 200

    def one_class(seed: int) -> bool:
        shares = np.clip(0.93 + 0.01 * generator.normal(size=(models, repeats)), 0.5, 0.999)
        hard = np.sqrt(ALIKE) * generator.normal(size=ITEMS)
        own = generator.normal(size=(models, 1, ITEMS)) * np.sqrt((1 - ALIKE) / 2)
        noise = generator.normal(size=(models, repeats, ITEMS)) * np.sqrt((1 - ALIKE) / 2)
        right = hard + own + noise > norm.isf(shares)[:, :, None]
        draws = resampled_means(right.mean(axis=1), None, seed) + seed_noise(right.mean(axis=2), seed + 1)
        found = rank_intervals(right.mean(axis=(1, 2)), draws, ITEMS).ranks
        return all(rank.low == 1 and rank.high == models for rank in found)

    benchmark.pedantic(lambda: one_class(0), rounds=1)
    held = np.mean([one_class(seed) for seed in range(classes)])
    benchmark.extra_info["held"] = held
    print(f"\n{repeats} repeats: all ranks held in {held:.1%} of {classes} classes")


def labels_and_scores(n: int, generator: np.random.Generator) -> tuple[Any, Predictions]:
    """Return five classes of which some are rare, and scores that are right four times in five."""
    targets = generator.choice(5, n, p=(0.4, 0.25, 0.2, 0.1, 0.05))
    logits = generator.normal(size=(n, 5))
    logits[np.arange(n), targets] += 2.0
    rows = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    return targets, Predictions(rows.argmax(axis=1), rows)


def several_labels(n: int, generator: np.random.Generator) -> tuple[Any, Predictions]:
    targets = (generator.random((n, 4)) < (0.5, 0.3, 0.2, 0.1)).astype(np.int64)
    scores = targets + generator.normal(0, 0.6, (n, 4))
    return targets, Predictions((scores > 0.5).astype(np.int64), scores)


def numbers(n: int, generator: np.random.Generator) -> tuple[Any, Predictions]:
    targets = generator.gamma(9, 15, n)
    return targets, Predictions(targets + generator.standard_t(4, n) * 12)


def pictures(n: int, generator: np.random.Generator) -> tuple[Any, Predictions]:
    y, x = np.indices((24, 24))
    middles, radii = generator.uniform(9, 15, (n, 2, 1, 1)), generator.uniform(4, 8, (n, 1, 1))
    moved = middles + generator.normal(0, 1, (n, 2, 1, 1))
    true, found = (np.hypot(y - at[:, 0], x - at[:, 1]) < radii for at in (middles, moved))
    return true.astype(np.int64), Predictions(found.astype(np.int64))


def boxes(n: int, generator: np.random.Generator) -> tuple[Any, Predictions]:
    targets, found = [], []
    for _ in range(n):
        corners = generator.uniform(0, 60, (3, 2))
        true = np.hstack([corners, corners + 20, generator.integers(0, 2, (3, 1))])
        moved = true[generator.random(3) < 0.8]
        moved[:, :4] += generator.normal(0, 2.5, (len(moved), 4))
        wrong = np.array([[70, 70, 90, 90, float(generator.integers(0, 2))]])
        rows = np.vstack([moved, wrong])
        scores = np.append(generator.beta(4, 2, len(moved)), generator.beta(2, 4))
        targets.append(true)
        found.append(np.insert(rows, 4, scores, axis=1))
    return targets, Predictions(found)


def resampled(metric: Metric, targets: Any, predictions: Predictions) -> Resampled:
    if metric.resampler is not None:
        return metric.resampler(targets, predictions)
    return lambda items: metric.compute(targets[items], predictions.take(items))


OF_LABELS = (
    *(metrics.accuracy, metrics.macro_f1, metrics.balanced_accuracy, metrics.matthews_correlation),
    *(metrics.quadratic_kappa, metrics.auc, metrics.log_loss, metrics.brier_score, metrics.calibration_error),
    *(metrics.sensitivity(1), metrics.specificity(1), metrics.pr_auc(1), metrics.sensitivity_at_specificity(0.9, 1)),
)
OF_SEVERAL = (metrics.exact_match, metrics.macro_f1_of_labels, metrics.macro_auc_of_labels)
OF_NUMBERS = (
    *(metrics.mean_absolute_error, metrics.root_mean_squared_error, metrics.r_squared, metrics.within_15_percent),
)
OF_PICTURES = (metrics.dice, metrics.iou, metrics.hausdorff_95, metrics.normalised_surface_distance(1))
OF_BOXES = (metrics.mean_average_precision, metrics.froc)
MADE = (
    *((one, labels_and_scores) for one in OF_LABELS),
    *((one, several_labels) for one in OF_SEVERAL),
    *((one, numbers) for one in OF_NUMBERS),
    *((one, pictures) for one in OF_PICTURES),
    *((one, boxes) for one in OF_BOXES),
)
SIZES = {
    labels_and_scores: (100, 379, 2007),
    several_labels: (200,),
    numbers: (837,),
    pictures: (24, 84),
    boxes: (20, 72),
}
"""How many items the tasks' own test parts have."""
MANY = {labels_and_scores: 100_000, several_labels: 100_000, numbers: 100_000, pictures: 10_000, boxes: 2_000}
SAMPLES, RESAMPLES = 200, 300


@pytest.mark.timeout(0)
@pytest.mark.parametrize(("metric", "make"), MADE, ids=[metric.name for metric, _ in MADE])
def test_intervals_of_scores_hold_the_truth(
    benchmark: Any, metric: Metric, make: Callable[[int, np.random.Generator], tuple[Any, Predictions]]
) -> None:
    generator = np.random.default_rng(0)
    many = make(MANY[make], generator)
    truth = resampled(metric, *many)(np.arange(len(many[1])))

    def holds(n: int, seed: int) -> bool:
        targets, predictions = make(n, generator)
        if metric.outcomes is not None:
            low, high = proportion_interval(metric.outcomes(targets, predictions))
        else:
            low, high = percentile_interval(bootstrap(resampled(metric, targets, predictions), n, seed, RESAMPLES), n)
        return low <= truth <= high

    benchmark.pedantic(lambda: holds(SIZES[make][0], 0), rounds=1)
    for n in SIZES[make]:
        held = np.mean([holds(n, seed) for seed in range(SAMPLES)])
        benchmark.extra_info[str(n)] = held
        print(f"\n{metric.name}: {truth:.3f}, held in {held:.1%} of {SAMPLES} samples of {n}")


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
