"""How often the interval of a score holds the true value: every metric, at the sizes of each task's own test parts.

pytest tests/benchmarks/test_coverage_of_scores.py --benchmark-only -s

Samples are drawn from simulated populations, as single items and as items of 30 people who differ. Intervals and
their marks come from the code that makes records. The simulations are seeded: the same code gives the same figures.
Coverage is never significantly below 93 % where an interval is not marked as approximate.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import pytest

from harness import metrics
from harness.contract import Metric, Predictions
from harness.evaluation._score import Estimate, _score
from harness.record import Score
from harness.statistics import Resampled, binomial_p_value, bootstrap

Array = np.ndarray[Any, Any]
Sample = tuple[Any, Predictions]
People = Array | None
"""(N,) the person of each item."""

SAMPLES, RESAMPLES = 200, 200
LEAST, ERROR = 0.93, 0.01
OF_A_PERSON = 0.15
"""The share of the variance of how hard an item is that is the person's."""


def hardness(n: int, people: People, generator: np.random.Generator) -> Array:
    """Return (N,) standard normal numbers, which are alike for the items of one person."""
    own = generator.normal(size=n)
    if people is None:
        return own
    shared = generator.normal(size=people.max() + 1)[people]
    found: Array = np.sqrt(OF_A_PERSON) * shared + np.sqrt(1 - OF_A_PERSON) * own
    return found


@dataclass(frozen=True)
class Labels:
    """Items of one class each; `shares` are the classes', and `clear` is how much higher the right one scores."""

    shares: tuple[float, ...]
    clear: float
    size_of_many: int = 200_000

    def make(self, n: int, people: People, generator: np.random.Generator) -> Sample:
        classes = len(self.shares)
        targets = generator.choice(classes, n, p=self.shares)
        logits = generator.normal(size=(n, classes))
        logits[np.arange(n), targets] += self.clear + hardness(n, people, generator)
        rows = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
        return targets, Predictions(rows.argmax(axis=1), rows)


@dataclass(frozen=True)
class SeveralLabels:
    """Items that may have several of four classes."""

    size_of_many: int = 200_000

    def make(self, n: int, people: People, generator: np.random.Generator) -> Sample:
        targets = (generator.random((n, 4)) < (0.5, 0.3, 0.2, 0.1)).astype(np.int64)
        scores = targets + generator.normal(0, 0.4, (n, 4)) + 0.4 * hardness(n, people, generator)[:, None]
        return targets, Predictions((scores > 0.5).astype(np.int64), scores)


@dataclass(frozen=True)
class Numbers:
    """Positive numbers in `steps` steps, with errors whose tails are longer than normal ones."""

    steps: int
    size_of_many: int = 200_000

    def make(self, n: int, people: People, generator: np.random.Generator) -> Sample:
        targets = generator.gamma(9, 15, (n, self.steps))
        spread = 12 * np.exp(0.3 * hardness(n, people, generator))[:, None]
        return targets, Predictions(targets + generator.standard_t(8, (n, self.steps)) * spread)


@dataclass(frozen=True)
class Pictures:
    """A disc in each picture, found a little beside where it is; now and then not found."""

    size_of_many: int = 20_000

    def make(self, n: int, people: People, generator: np.random.Generator) -> Sample:
        y, x = np.indices((24, 24))
        middles, radii = generator.uniform(9, 15, (n, 2, 1, 1)), generator.uniform(4, 8, (n, 1, 1))
        far = np.exp(0.6 * hardness(n, people, generator))[:, None, None, None]
        moved = middles + generator.normal(0, 1, (n, 2, 1, 1)) * far
        true, found = (np.hypot(y - at[:, 0], x - at[:, 1]) < radii for at in (middles, moved))
        return true.astype(np.int64), Predictions(found.astype(np.int64))


@dataclass(frozen=True)
class Boxes:
    """Up to fifteen boxes of three classes in each picture, of which one is common, as among blood cells."""

    size_of_many: int = 4_000

    def make(self, n: int, people: People, generator: np.random.Generator) -> Sample:
        targets, found = [], []
        for hard in hardness(n, people, generator):
            count = int(generator.integers(3, 16))
            corners = generator.uniform(0, 300, (count, 2))
            true = np.hstack([corners, corners + 30, generator.choice(3, (count, 1), p=(0.8, 0.1, 0.1))])
            moved = true[generator.random(count) < 1 / (1 + np.exp(-2 + hard))]
            moved[:, :4] += generator.normal(0, 3, (len(moved), 4))
            wrong = generator.uniform(0, 300, (generator.poisson(1.5), 2))
            wrong = np.hstack([wrong, wrong + 30, generator.choice(3, (len(wrong), 1), p=(0.8, 0.1, 0.1))])
            scores = np.append(generator.beta(4, 2, len(moved)), generator.beta(2, 4, len(wrong)))
            targets.append(true)
            found.append(np.insert(np.vstack([moved, wrong]), 4, scores, axis=1))
        return targets, Predictions(found)


Population = Labels | SeveralLabels | Numbers | Pictures | Boxes


@dataclass(frozen=True)
class Part:
    """A task's test parts: how large they are, what is computed from them, and what they are simulated by."""

    task: str
    sizes: tuple[int, ...]
    population: Population
    metrics: tuple[Metric, ...]


OF_SCORES = (metrics.auc, metrics.log_loss, metrics.calibration_error)
LABELS = (metrics.accuracy, metrics.macro_f1, *OF_SCORES)
CLINICAL = (
    *(metrics.sensitivity(1), metrics.specificity(1), metrics.pr_auc(1), metrics.sensitivity_at_specificity(0.9, 1)),
    *(metrics.matthews_correlation, metrics.brier_score),
)
RANKED = (metrics.balanced_accuracy, metrics.quadratic_kappa)
NUMBERS = (
    *(metrics.mean_absolute_error, metrics.root_mean_squared_error, metrics.r_squared, metrics.within_15_percent),
)
MASKS = (metrics.dice, metrics.iou, metrics.hausdorff_95, metrics.normalised_surface_distance(1))
BOXES = (
    *(metrics.mean_average_precision, metrics.coco_average_precision, metrics.froc),
    *(metrics.average_precision(0, "common"), metrics.average_precision(1, "rare")),
)
PARTS = (
    Part("ecg200", (100, 200), Labels((1 / 3, 2 / 3), 2.0), LABELS),
    Part("ecg5000", (201, 320, 4500), Labels((0.58, 0.35, 0.04, 0.02, 0.01), 3.0), LABELS),
    Part("usps", (450, 2007), Labels((0.1,) * 10, 3.5), LABELS),
    Part("bloodmnist", (360, 3421), Labels((0.07, 0.18, 0.09, 0.17, 0.07, 0.08, 0.2, 0.14), 3.2), LABELS),
    Part("pneumoniamnist", (300, 624), Labels((0.375, 0.625), 1.8), (*LABELS, *CLINICAL)),
    Part("drug_reviews", (379, 600), Labels((0.25, 0.1, 0.65), 1.5), LABELS),
    Part("medical_abstracts", (600, 879), Labels((0.22, 0.1, 0.13, 0.21, 0.34), 1.8), LABELS),
    Part("spect", (130,), Labels((0.2, 0.6, 0.2), 1.2), (*LABELS, *RANKED)),
    Part("glucose", (837,), Numbers(6), NUMBERS),
    Part("a regression", (100, 837), Numbers(1), NUMBERS),
    Part("nuclei", (24, 84), Pictures(), MASKS),
    Part("bccd", (20, 72), Boxes(), BOXES),
    Part(
        "several labels",
        (100, 600),
        SeveralLabels(),
        (metrics.exact_match, metrics.macro_f1_of_labels, metrics.macro_auc_of_labels),
    ),
)
PEOPLE = 30
"""How many people there are where items are of people, the fewest of whom intervals are not marked as approximate."""


@dataclass(frozen=True)
class Cell:
    """One figure of the table."""

    part: Part
    metric: Metric
    n: int
    people: int | None

    def __str__(self) -> str:
        by = "" if self.people is None else f" of {self.people} people"
        return f"{self.part.task}: {self.metric.name} on {self.n}{by}"


CELLS = [
    Cell(part, metric, n, people)
    for part in PARTS
    for n in part.sizes
    for people in (None, *((PEOPLE,) if n >= 2 * PEOPLE else ()))
    for metric in part.metrics
]


def items_of_people(n: int, people: int, generator: np.random.Generator) -> Array:
    """Return (n,) persons, of whom each gives one item or more, some three times as many as others."""
    chances = generator.uniform(0.5, 1.5, people)
    more = generator.choice(people, n - people, p=chances / chances.sum())
    return np.sort(np.append(np.arange(people), more))


def resampled(metric: Metric, targets: Any, predictions: Predictions) -> Resampled:
    if metric.resampler is not None:
        return metric.resampler(targets, predictions)
    return lambda items: metric.compute(targets[items], predictions.take(items))


def scored(metric: Metric, sample: Sample, people: People, seed: int) -> Score:
    """Return the score as it stands in a record, from fewer resamples."""
    targets, predictions = sample
    n = len(predictions)
    figure = resampled(metric, targets, predictions)
    outcomes = None if metric.outcomes is None else metric.outcomes(targets, predictions)
    draws = bootstrap(figure, n, seed, RESAMPLES, people) if outcomes is None else None
    estimate = Estimate(metric=metric, n=n, value=figure(np.arange(n)), outcomes=outcomes, draws=draws)
    return _score([estimate], people, primary=True)


@cache
def truth_of(part: Part, metric: Metric, *, of_people: bool) -> float:
    """Return the true value of a metric: its value on very many items."""
    generator = np.random.default_rng(1)
    n = part.population.size_of_many
    people = np.repeat(np.arange(n // 4), 4) if of_people else None
    targets, predictions = part.population.make(n, people, generator)
    return resampled(metric, targets, predictions)(np.arange(n))


@dataclass(frozen=True)
class Coverage:
    held: int
    approximate: int
    truth: float

    @property
    def is_too_low(self) -> bool:
        """Whether the truth is held significantly less often than in `LEAST` of samples."""
        return binomial_p_value(SAMPLES - self.held, SAMPLES, 1 - LEAST) < ERROR

    def __str__(self) -> str:
        marked = f", approximate in {self.approximate / SAMPLES:.0%}" if self.approximate else ""
        return f"{self.truth:.3f} held in {self.held / SAMPLES:.1%}{marked}"


def coverage(cell: Cell) -> Coverage:
    generator = np.random.default_rng(0)
    truth, held, approximate = truth_of(cell.part, cell.metric, of_people=cell.people is not None), 0, 0
    for seed in range(SAMPLES):
        people = None if cell.people is None else items_of_people(cell.n, cell.people, generator)
        score = scored(cell.metric, cell.part.population.make(cell.n, people, generator), people, seed)
        held += score.low <= truth <= score.high
        approximate += score.approximate
    return Coverage(held, approximate, truth)


@pytest.mark.timeout(0)
@pytest.mark.parametrize("cell", CELLS, ids=str)
def test_the_interval_of_a_score_holds_the_truth(benchmark: Any, cell: Cell) -> None:
    found = benchmark.pedantic(lambda: coverage(cell), rounds=1)
    benchmark.extra_info.update(held=found.held / SAMPLES, approximate=found.approximate / SAMPLES, truth=found.truth)
    print(f"\n{cell}: {found}")
    assert found.approximate > SAMPLES / 2 or not found.is_too_low
