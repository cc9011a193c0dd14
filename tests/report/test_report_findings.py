"""Each finding: seen where there is something to learn, and not where there is nothing."""

from __future__ import annotations

from dataclasses import replace

import msgspec
import numpy as np
import pytest

import harness
from harness.record import Evidence, ExampleAnswers, Latency, Repeat
from harness.report import Audience, find_all, show
from tests.records import ACCURACY, RECORD, TWO_CLOUDS, changed, failing, material

pytestmark = pytest.mark.unit

N = 100
TARGETS = np.arange(N) % 2
SCORED = harness.Split(np.zeros((N, 2), np.float32), TARGETS)


def codes(record=RECORD, evidence=None, **more):
    shown = show(material(record, evidence, **{"scored": SCORED} | more), Audience.STUDENT)
    return {one.code for one in find_all(shown)}


def logged(**quantities):
    return Evidence(curve=tuple({name: float(v) for name, v in zip(quantities, row, strict=True)}
                                for row in zip(*quantities.values(), strict=True)))  # fmt: skip


def predicted(labels, scores=None):
    return Evidence(predictions=np.asarray(labels), scores=scores, outcomes=np.asarray(labels) == TARGETS)


def falling(end, count=30):
    return np.geomspace(1, end, count)


FLAT = np.full(30, 0.1)
LEARNED = np.concatenate([falling(0.1, 10), np.full(20, 0.1)])


@pytest.mark.parametrize(
    ("code", "yes", "no"),
    [
        (
            "over-fitting",
            logged(train_accuracy=[0.5, 0.9, 0.99], val_accuracy=[0.5, 0.8, 0.85]),
            logged(train_accuracy=[0.5, 0.9, 0.99], val_accuracy=[0.5, 0.8, 0.92]),
        ),
        (
            "over-fitting",
            logged(loss=[1, 0.5, 0.2, 0.1, 0.1], val_loss=[1, 0.6, 0.7, 0.8, 0.9]),
            logged(loss=[1, 0.5, 0.2, 0.1, 0.1], val_loss=[1, 0.6, 0.5, 0.4, 0.4]),
        ),
        ("under-fitting", logged(loss=[0.7, 0.69, 0.7, 0.69]), logged(loss=[0.7, 0.6, 0.5, 0.4])),
        ("still-improving", logged(loss=falling(0.01)), logged(loss=LEARNED)),
        ("class-never-predicted", predicted(np.zeros(N, int)), predicted(TARGETS)),
        ("classes-confused", predicted(np.where(np.arange(N) % 4 == 0, 1, TARGETS)), predicted(TARGETS)),
    ],
)
def test_findings_in_the_evidence_are_reported(code, yes, no):
    assert code in codes(evidence=yes)
    assert code not in codes(evidence=no)


def test_a_noisy_curve_is_not_reported_as_improving():
    for seed in range(20):
        noise = np.random.default_rng(seed).normal(1, 0.2, 40)
        half = len(noise) // 2  # the same values in the first and in the last half of the end
        ends = np.concatenate([noise[:half], np.sort(noise[half:])[::2], np.sort(noise[half:])[1::2]])
        assert "still-improving" not in codes(evidence=logged(loss=ends)), seed


def test_training_scores_below_the_baseline_are_reported_as_under_fitting():
    below = changed(baseline={"met": False, "value": 0.95})
    curve = logged(accuracy=[0.2, 0.5, 0.6])
    assert "under-fitting" in codes(below, curve)
    assert "under-fitting" not in codes(below, logged(accuracy=[0.2, 0.5, 0.97]))
    assert "under-fitting" not in codes(evidence=curve), "it passed"


@pytest.mark.parametrize(("confidence", "found"), [(0.99, True), (0.9, False), (0.75, True)])
def test_wrong_calibration_is_reported(confidence, found):
    said = np.where(np.arange(N) % 10 == 0, 1 - TARGETS, TARGETS)  # nine in ten are right
    scores = np.full((N, 2), 1 - confidence)
    scores[np.arange(N), said] = confidence
    assert ("calibration" in codes(evidence=predicted(said, scores))) is found


def reference(parameters, value, ratio=None, machine=None):
    latency = None if ratio is None else Latency(
        batch=1, n=64, p50_seconds=1e-4, net_p50_seconds=1e-4, p90_bound_seconds=None, iqr_ratio=0.1, noisy=False,
        channel_seconds=1e-5, ratio_to_yardstick=ratio,
    )  # fmt: skip
    return changed(
        submission={"name": "reference/small"},
        scores=(harness_score(value),),
        cost={"parameters": parameters, "latency": latency},
        run={} if machine is None else {"machine": machine},
    )


def harness_score(value):
    return msgspec.structs.replace(ACCURACY, value=value)


def test_a_smaller_reference_with_an_equal_score_is_reported():
    own = changed(cost={"parameters": 1000})
    assert "dead-capacity" in codes(own, peers=(reference(400, 0.9),))
    assert "dead-capacity" not in codes(own, peers=(reference(400, 0.89),))
    assert "dead-capacity" not in codes(own, peers=(reference(600, 0.95),))


def test_slow_for_its_size_is_judged_on_the_same_machine_only():
    own = reference(1000, 0.9, ratio=9)
    own = changed(own, submission={"name": "bob"})
    fast = reference(2000, 0.95, ratio=2)
    assert "slow-for-its-size" in codes(own, peers=(fast,))
    assert "slow-for-its-size" not in codes(own, peers=(reference(2000, 0.95, ratio=4),))
    assert "slow-for-its-size" not in codes(own, peers=(reference(500, 0.95, ratio=2),))
    elsewhere = msgspec.structs.replace(RECORD.run.machine, processor="another")
    assert "slow-for-its-size" not in codes(own, peers=(changed(fast, run={"machine": elsewhere}),))


def test_variation_between_seeds_above_the_interval_is_reported():
    def of(*values):
        return changed(run={"repeats": tuple(Repeat(seed=n, value=value) for n, value in enumerate(values))})

    assert "seed-sensitive" in codes(of(0.7, 0.85, 0.9))
    assert "seed-sensitive" not in codes(of(0.88, 0.9, 0.91))
    assert "seed-sensitive" not in codes(of(0.7, 0.9)), "two seeds say little"


def test_use_near_a_limit_is_reported():
    limits = replace(TWO_CLOUDS, limits=harness.Limits(parameters=100))
    assert "near-a-limit" in codes(changed(cost={"parameters": 90}), task=limits)
    assert "near-a-limit" not in codes(changed(cost={"parameters": 50}), task=limits)


@pytest.mark.parametrize(("wrong", "found"), [(0, True), (10, False)])
def test_a_validation_score_above_the_test_score_is_reported(wrong, found):
    items = np.arange(60)
    values = SCORED.targets[items].copy()
    values[:wrong] = 1 - values[:wrong]
    low = changed(scores=(harness_score(0.5),))
    low = changed(low, scores=(msgspec.structs.replace(low.scores[0], low=0.45, high=0.85),))
    evidence = Evidence(outcomes=TARGETS == 1, examples=ExampleAnswers(items=items, values=values))
    assert ("validation-better" in codes(low, evidence, fit_validation=SCORED)) is found


def test_nothing_is_found_in_a_failure_without_evidence():
    assert codes(failing()) == set()
