"""A metric or a `perturb` that does not do what it must is the task's mistake: named with its place, and no record."""

from __future__ import annotations

import functools
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import harness
from harness.contract import Predictions
from harness.data import TaskData
from harness.errors import TaskError
from harness.evaluation._score import score
from harness.taskcheck import checked_perturb, try_task
from tests.declared import source
from tests.declared import task as declared_task

pytestmark = pytest.mark.unit

HERE = re.escape(str(Path(__file__)))
N = 40
TARGETS = np.arange(N) % 2
TARGETS[0] = 2  # one item of the third class: a third of all resamples have none
TRUTH = harness.Split(np.linspace(0, 1, N, dtype=np.float32)[:, None].repeat(2, axis=1), TARGETS)
ANSWERS = Predictions(TARGETS.copy())


def task(metric: harness.Metric = harness.metrics.accuracy, **more: Any) -> harness.Task:
    usual = {
        "inputs": harness.Inputs(shape=(2,), low=0, high=1),
        "classes": ("a", "b", "c"),
        "sources": (source(part=TRUTH),),
        "metrics": (metric,),
    }
    return declared_task("clouds", **(usual | more))


def data(declared: harness.Task) -> TaskData:
    return TaskData(
        source=declared.sources[0], train=TRUTH, validation=TRUTH, test=TRUTH, private=False, digest="", passed_over=()
    )


def metric(compute: Any, **more: Any) -> harness.Metric:
    return harness.Metric("figure", compute, higher_is_better=True, **more)


def raises(*_: object) -> float:
    return 1 / 0


def leaves(*_: object) -> float:
    raise SystemExit(3)


def nan_without_the_third_class(targets: Any, predictions: Predictions) -> float:
    present = targets == 2
    return float(np.mean((predictions.values == targets)[present])) if present.any() else float("nan")


class Callable:
    def __call__(self, targets: Any, predictions: Predictions) -> str:
        return "0.9"


BAD: dict[str, tuple[Any, str]] = {
    "nan": (lambda *_: float("nan"), "returned nan on 40 items; expected a finite number"),
    "infinity": (lambda *_: np.inf, "returned inf on 40 items"),
    "minus-infinity": (lambda *_: -np.inf, "returned -inf"),
    "an-array": (lambda t, p: t == p.values, r"returned an array of shape \(40,\) and dtype bool"),
    "an-array-of-one": (lambda *_: np.array([0.5]), r"returned an array of shape \(1,\)"),
    "a-string": (lambda *_: "0.9", r"returned '0.9' \(str\) on 40 items; expected a number"),
    "nothing": (lambda *_: None, r"returned None \(NoneType\)"),
    "a-truth": (lambda *_: True, r"returned True \(bool\)"),
    "numpys-truth": (lambda *_: np.True_, r"returned (np\.)?True_? \(bool_?\)"),
    "a-pair": (lambda *_: (0.5, 0.6), r"returned \(0.5, 0.6\) \(tuple\)"),
    "complex": (lambda *_: 1j, r"returned 1j \(complex\)"),
    "an-error": (raises, "raised ZeroDivisionError: division by zero on 40 items"),
    "an-exit": (leaves, "raised SystemExit: 3"),
    "nan-in-resamples-only": (nan_without_the_third_class, "returned nan on a resample of 40 items"),
    "an-object": (Callable(), r"returned '0.9' \(str\)"),
    "a-partial": (functools.partial(raises, 1), "raised ZeroDivisionError"),
}


@pytest.mark.parametrize("case", BAD)
@pytest.mark.parametrize("at", [0, 1], ids=["primary", "beside"])
def test_an_invalid_value_of_a_metric_is_a_mistake_of_the_task(case: str, at: int) -> None:
    compute, says = BAD[case]
    declared = [harness.metrics.accuracy]
    declared.insert(at, metric(compute))
    with pytest.raises(TaskError, match=f"task clouds: metric 'figure' {says}.*{HERE}:\\d+"):
        score(task(metrics=tuple(declared)), TRUTH, ANSWERS)


def test_an_error_is_placed_at_the_instructors_line_not_at_the_librarys() -> None:
    def compute(targets: Any, predictions: Predictions) -> float:
        return float(np.concatenate([targets, np.zeros((2, 2))]))  # type: ignore[arg-type]

    line = compute.__code__.co_firstlineno + 1
    with pytest.raises(TaskError, match=f"ValueError.*{HERE}:{line}\\)"):
        score(task(metric(compute)), TRUTH, ANSWERS)


@pytest.mark.parametrize(
    ("outcomes", "says"),
    [
        (lambda t, p: None, "`outcomes` returned None"),
        (
            lambda t, p: (t == p.values).astype(int),
            r"of shape \(40,\) and dtype int64; expected a \(40,\) array of bool",
        ),
        (lambda t, p: (t == p.values)[:3], r"of shape \(3,\)"),
        (lambda t, p: t != p.values, "`compute` returned 1 where `outcomes` says 0"),
        (raises, "raised ZeroDivisionError"),
    ],
    ids=["none", "integers", "too few", "of another figure", "raises"],
)
def test_invalid_outcomes_are_a_mistake_of_the_task(outcomes: Any, says: str) -> None:
    with pytest.raises(TaskError, match=f"metric 'figure' .*{says}"):
        score(task(metric(lambda *_: 1.0, outcomes=outcomes)), TRUTH, ANSWERS)


@pytest.mark.parametrize(
    ("resampler", "says"),
    [
        (lambda t, p: 0.5, "`resampler` returned 0.5"),
        (lambda t, p: lambda items: np.nan, "returned nan on a resample"),
        (lambda t, p: raises, "raised ZeroDivisionError"),
        (raises, "raised ZeroDivisionError"),
    ],
    ids=["a number", "nan", "raises later", "raises"],
)
def test_an_invalid_resampler_is_a_mistake_of_the_task(resampler: Any, says: str) -> None:
    with pytest.raises(TaskError, match=f"metric 'figure' .*{says}"):
        score(task(metric(lambda *_: 0.5, resampler=resampler)), TRUTH, ANSWERS)


@pytest.mark.parametrize("number", [1, 0.5, np.float32(0.5), np.float64(0.5), np.int64(1)])
def test_every_type_of_number_is_accepted_from_a_metric(number: Any) -> None:
    scored = score(task(metric(lambda *_: number)), TRUTH, ANSWERS)
    assert (scored.primary.value, type(scored.primary.value)) == (float(number), float)


ALTERED: dict[str, tuple[Any, str]] = {
    "shorter": (lambda x, g: x[:1], r"returned float32 of shape \(1,\); expected numbers of shape \(2,\)"),
    "nothing": (lambda x, g: None, "returned None; expected numbers"),
    "a-ragged-list": (
        lambda x, g: [1.0, [2.0]],
        r"returned something that is not an array .* expected numbers of shape \(2,\)",
    ),
    "a-text": (lambda x, g: "xy", "returned 'xy'"),
    "nan": (lambda x, g: x * np.nan, "returned nan; expected finite"),
    "one-infinite": (lambda x, g: np.array([0.5, np.inf]), "returned inf; expected finite"),
    "beyond-the-range": (lambda x, g: x + 100, r"returned values in \[10\d*, 10\d*.*; expected values in \[0, 1\]"),
    "below-the-range": (lambda x, g: x - 1e-3, r"expected values in \[0, 1\]"),
    "raises": (raises, "raised ZeroDivisionError"),
}


@pytest.mark.parametrize("case", ALTERED)
def test_an_invalid_perturbed_input_is_a_mistake_of_the_task(case: str) -> None:
    perturb, says = ALTERED[case]
    declared = task(perturb=perturb)
    with pytest.raises(TaskError, match=f"task clouds: `perturb` .*{says}.*{HERE}:\\d+"):
        try_task(declared, data(declared))


def test_perturb_may_alter_in_place_and_return_doubles() -> None:
    def perturb(one: Any, generator: np.random.Generator) -> Any:
        one *= 0.5
        return one.astype(np.float64)

    jitter, item = checked_perturb(task(perturb=perturb)), np.ones(2, np.float32)
    assert jitter is not None
    altered = jitter(item, np.random.default_rng(0))
    assert (altered.tolist(), altered.dtype, item.tolist()) == ([0.5, 0.5], np.float32, [1, 1])


@pytest.mark.parametrize("value", [-1, 256, 1e300])
def test_a_pixel_that_would_overflow_is_a_mistake_of_the_task(value: float) -> None:
    declared = task(inputs=harness.Inputs(shape=(2,), dtype="uint8"), perturb=lambda x, g: x.astype(float) * 0 + value)
    jitter = checked_perturb(declared)
    assert jitter is not None
    with pytest.raises(TaskError, match=r"expected values in \[0, 255\]"):
        jitter(np.ones(2, np.uint8), np.random.default_rng(0))


@pytest.mark.parametrize("case", BAD)
def test_a_metric_is_tried_before_any_model(case: str) -> None:
    compute, says = BAD[case]
    declared = task(metrics=(harness.metrics.accuracy, metric(compute)))
    with pytest.raises(TaskError, match=f"metric 'figure' .*{says}"):
        try_task(declared, data(declared))


def test_a_perturb_that_ignores_its_input_is_a_mistake_of_the_task() -> None:
    declared = task(perturb=lambda x, g: g.random(2))
    with pytest.raises(TaskError, match=f"`perturb` returned inputs that are nearer .* expected a small .*{HERE}:"):
        try_task(declared, data(declared))


def test_equal_inputs_give_no_verdict_about_perturb() -> None:
    declared = task(perturb=lambda x, g: g.random(2))
    same = harness.Split(np.ones((N, 2), np.float32), TARGETS)
    try_task(declared, replace(data(declared), test=same))


def of_constants(targets: Any, predictions: Predictions) -> float:
    return float("nan") if len(np.unique(predictions.values)) == 1 else 0.5


def of_mistakes(targets: Any, predictions: Predictions) -> float:
    wrong = (targets != predictions.values).sum()
    return float("nan") if 5 < wrong < N - 5 else 0.5


@pytest.mark.parametrize("compute", [of_constants, of_mistakes])
def test_a_metric_is_tried_on_wrong_answers_as_well(compute: Any) -> None:
    declared = task(metric(compute))
    with pytest.raises(TaskError, match="metric 'figure' returned nan on 40 items; expected a finite number"):
        try_task(declared, data(declared))


@pytest.mark.parametrize("of", ["values", "scores"])
def test_a_good_task_passes_when_it_is_tried(of: Any) -> None:
    declared = task(
        metric(lambda t, p: float(np.mean(t == p.values)), of=of),
        perturb=lambda x, g: np.clip(x + g.normal(0, 0.01, 2), 0, 1),
    )
    try_task(declared, data(declared))


@pytest.mark.parametrize(
    ("declared", "says"),
    [
        (metric(lambda t, p: float((t != p.values).mean())), "expected the other value of higher_is_better=True"),
        (metric(lambda t, p: float(np.random.default_rng().random())), "when computed again; expected the same"),
        (metric(lambda t, p: float(p.scores.max())), "raised AttributeError"),
        (metric(lambda t, p: 94.0, bounds=(0, 1)), "returned 94 on 40 items; expected a value in its bounds, 0 to 1"),
        (metric(lambda t, p: 1.0, resampler=lambda t, p: lambda i: 0.0), "is 1, and 0 by its resampler"),
        (metric(lambda t, p: t.sort() or 0.5), "changes its targets"),
    ],
    ids=["of the wrong direction", "random", "of scores", "out of bounds", "resampled otherwise", "altering"],
)
def test_a_metric_with_a_constant_value_is_a_mistake_of_the_task(declared: harness.Metric, says: str) -> None:
    with pytest.raises(TaskError, match=f"metric 'figure' .*{says}.*{HERE}"):
        try_task(task(declared), data(task(declared)))
    assert sorted(TARGETS) != list(TARGETS)


def test_a_perturb_that_changes_nothing_is_a_mistake_of_the_task() -> None:
    declared = task(perturb=lambda x, g: x)
    with pytest.raises(TaskError, match=f"`perturb` returned 32 of 32 inputs unchanged; expected .*{HERE}"):
        try_task(declared, data(declared))
