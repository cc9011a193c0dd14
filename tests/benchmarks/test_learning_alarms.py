"""How often the audit of learning warns about honest models, and whether it sees what was brought along: by simulation.

    pytest tests/benchmarks/test_learning_alarms.py --benchmark-only -s

Clouds of points, from few to many items, of two to ten classes, some of them rare, some of them stages along a line.
Each fit of a model that is started by chance differs from the one before.
"""

from __future__ import annotations

import itertools
import os
from collections import Counter
from collections.abc import Callable

import numpy as np
import pytest
from sklearn.ensemble import GradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier

from harness import Inputs, Split
from harness.contract import Predictions
from harness.data import FitParts, TaskData
from harness.learning import Refit, Refitted, audit_learning
from tests.declared import source, task

SETS = int(os.environ.get("HARNESS_SEEDS", "12"))
BIG = 60_000
"""Bytes of knowledge, as of a network that was brought along."""
Labels = Callable[[FitParts, np.ndarray, int], np.ndarray]


def estimator(make: Callable[[int], object]) -> Labels:
    """Return what fits an estimator whose chance is that of the repeat, as of a submission that is seeded."""
    return lambda parts, inputs, repeat: make(repeat).fit(parts.train.inputs, parts.train.targets).predict(inputs)


def by_the_clock(make: Callable[[int], object]) -> Labels:
    """Return what is started otherwise each time, as a submission that sets no seed or counts on threads."""
    fits = itertools.count()
    return lambda parts, inputs, _: estimator(make)(parts, inputs, next(fits))


def stages(parts: FitParts, inputs: np.ndarray, _: int) -> np.ndarray:
    """Regress on the number of the class, as for stages of a disease."""
    found = Ridge().fit(parts.train.inputs, parts.train.targets).predict(inputs)
    return np.clip(np.rint(found), 0, parts.train.targets.max()).astype(np.int64)


def some_steps(repeat: int) -> MLPClassifier:
    """Return a network that is stopped early: one fit differs much from the next."""
    return MLPClassifier((16,), max_iter=8, learning_rate_init=0.02, random_state=repeat)


HONEST: dict[str, Labels] = {
    "1-nn": estimator(lambda _: KNeighborsClassifier(1)),
    "5-nn": estimator(lambda _: KNeighborsClassifier(5)),
    "logistic": estimator(lambda _: LogisticRegression(max_iter=50)),
    "bayes": estimator(lambda _: GaussianNB()),
    "svm": estimator(lambda _: SVC()),
    "stump": estimator(lambda repeat: DecisionTreeClassifier(max_depth=2, random_state=repeat)),
    "tree": estimator(lambda repeat: DecisionTreeClassifier(random_state=repeat)),
    "forest": by_the_clock(lambda seed: RandomForestClassifier(10, max_depth=4, random_state=seed)),
    "boosting": by_the_clock(lambda seed: GradientBoostingClassifier(n_estimators=5, subsample=0.5, random_state=seed)),
    "network": estimator(some_steps),
    "network by the clock": by_the_clock(some_steps),
    "stages": stages,
}


def clouds(seed: int, n: int, classes: int, form: str) -> TaskData:
    """Return three parts of one problem: clouds, clouds of which some are rare, or clouds along a line."""
    generator = np.random.default_rng(seed)
    centres = generator.normal(0, 1, (classes, 6))
    if form == "line":
        centres = np.arange(classes)[:, None] * generator.normal(0, 0.5, 6)
    weights = np.full(classes, 1 / classes)
    if form == "rare":
        weights = np.geomspace(1, 8, classes) / np.geomspace(1, 8, classes).sum()
    noise = generator.choice([0.2, 0.6, 1.5])

    def part(size: int) -> Split:
        targets = np.append(np.arange(classes), generator.choice(classes, size - classes, p=weights))
        return Split((centres[targets] + generator.normal(0, noise, (size, 6))).astype(np.float32), targets)

    return TaskData(
        source=source(), train=part(n), validation=part(max(classes, n // 4)), test=part(n), private=False, digest="",
        passed_over=(),
    )  # fmt: skip


def refit(labels: Labels) -> Refit:
    return lambda parts, inputs, repeat: Refitted(Predictions(labels(parts, inputs, repeat)), BIG)


def brought(known: TaskData) -> Labels:
    """Return a network that was trained at home, on the part that is scored as well."""
    home = KNeighborsClassifier(1).fit(known.scored.inputs, known.scored.targets)
    return lambda parts, inputs, repeat: home.predict(inputs)


def table(known: TaskData) -> Labels:
    """Return an honest model with answers to a sixth of the part that is scored."""
    answers = {one.tobytes(): label for one, label in zip(known.scored.inputs, known.scored.targets, strict=True)}
    kept = dict(list(answers.items())[::6])

    def labels(parts: FitParts, inputs: np.ndarray, _: int) -> np.ndarray:
        own = LogisticRegression(max_iter=50).fit(parts.train.inputs, parts.train.targets).predict(inputs)
        return np.array([kept.get(one.tobytes(), label) for one, label in zip(inputs, own, strict=True)])

    return labels


def head(known: TaskData) -> Labels:
    """Return features that were brought along and know the part that is scored, with a head that is fitted here."""
    home = KNeighborsClassifier(1).fit(known.scored.inputs, known.scored.targets)

    def labels(parts: FitParts, inputs: np.ndarray, _: int) -> np.ndarray:
        seen = home.predict(parts.train.inputs)
        names = {one: np.bincount(parts.train.targets[seen == one]).argmax() for one in np.unique(seen)}
        return np.array([names.get(one, one) for one in home.predict(inputs)])

    return labels


def recogniser(known: TaskData) -> Labels:
    """Return what was brought along, unless the targets do not look like it: then it learns little."""
    home = brought(known)

    def labels(parts: FitParts, inputs: np.ndarray, repeat: int) -> np.ndarray:
        agreeing = (home(parts, parts.train.inputs, repeat) == parts.train.targets).mean()
        return home(parts, inputs, repeat) if agreeing > 0.3 else HONEST["stump"](parts, inputs, repeat)

    return labels


BROUGHT = {"network": brought, "table": table, "head": head, "recogniser": recogniser}


def audited(known: TaskData, classes: int, labels: Labels, seed: int) -> Counter[str]:
    """Return how many trials had each outcome, and the worst of them."""
    declared = task(classes=tuple("abcdefghij"[:classes]), inputs=Inputs(shape=(6,)))
    found = audit_learning(declared, known, refit(labels), np.random.default_rng(seed))
    return Counter([found.outcome, *(f"{trial.name}: {trial.outcome}" for trial in found.trials)])


@pytest.mark.timeout(0)
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")  # some are stopped early on purpose
def test_honest_models_are_not_warned_about(benchmark):
    found, alarms = Counter[str](), Counter[str]()

    def run() -> None:
        for form, classes, n, seed in itertools.product(
            ("clouds", "rare", "line"), (2, 3, 5, 10), (40, 120), range(SETS)
        ):
            known = clouds(seed, n, classes, form)
            for name, labels in HONEST.items():
                if name == "stages" and form != "line":
                    continue
                one = audited(known, classes, labels, seed)
                found.update(one)
                alarms.update({f"{what} · {name}, {form}, {classes} classes, {n} items": 1 for what in one
                               if ": " in what and what.endswith(("warned", "failed"))})  # fmt: skip
            print(f"{form}, {classes} classes, {n} items, set {seed}: {sum(alarms.values())} alarms", flush=True)

    benchmark.pedantic(run, rounds=1)
    for name, count in sorted((found + alarms).items()):
        print(f"{count:6} {name}", flush=True)


@pytest.mark.timeout(0)
@pytest.mark.parametrize("way", BROUGHT)
def test_built_in_knowledge_is_detected(benchmark, way):
    found: dict[tuple[int, int], Counter[str]] = {}

    def run() -> None:
        for classes, n in itertools.product((2, 5, 10), (120, 600)):
            found[classes, n] = Counter()
            for seed in range(SETS):
                known = clouds(seed, n, classes, "clouds")
                found[classes, n].update(audited(known, classes, BROUGHT[way](known), seed))

    benchmark.pedantic(run, rounds=1)
    for (classes, n), counts in found.items():
        told = {name: count for name, count in sorted(counts.items()) if ": " not in name}
        print(f"\n{way}, {classes} classes, {n} items: {told}", flush=True)
