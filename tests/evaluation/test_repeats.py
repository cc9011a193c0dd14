"""`--repeats`: seeds by name, each repeat listed, their mean as the value; and a count of operations."""

from __future__ import annotations

import json
from statistics import fmean

import numpy as np
import pytest

from tests.classroom.evaluated import Classroom
from tests.conftest import CENTROIDS, TemporaryCourse

pytestmark = pytest.mark.line

LUCK = """
import numpy as np
import harness

class Model(harness.Model):
    def fit(self, train, validation):
        self.noise = np.random.default_rng(self.seed).normal(size=(2, 3))
        self.log(seed=float(self.seed))

    def predict(self, inputs):
        return (inputs - 0.5) @ self.noise
"""

LOADS = """
import numpy as np
import harness

class Model(harness.Model):
    def fit(self, train, validation):
        raise RuntimeError("nobody should train this")

    def load(self, folder):
        self.centres = np.load(folder / "centres.npy")

    def predict(self, inputs):
        return ((inputs[:, None] - self.centres) ** 2).sum(axis=2).argmin(axis=1)
"""


@pytest.fixture(scope="module")
def repeated(tmp_path_factory: pytest.TempPathFactory) -> TemporaryCourse:
    """Evaluate with three repeats: one that depends on luck, one that does not, one that is loaded."""
    base = tmp_path_factory.mktemp("repeats")
    course = TemporaryCourse.below(base)
    course.add_task()
    course.submit(LUCK, name="luck")
    course.submit(CENTROIDS, name="steady")
    weights = course.submit(LOADS, name="loaded") / "weights"
    weights.mkdir()
    np.save(weights / "centres.npy", np.array([[0.2, 0.2], [0.8, 0.2], [0.5, 0.8]]))
    names = ("luck", "steady", "loaded")
    done = course.harness("evaluate", *(f"submissions/{name}" for name in names), "--repeats", "3")
    assert done.returncode in (0, 1), done.stdout + done.stderr
    assert "Traceback (most recent call last)" not in done.stderr
    assert {name: course.record(name)["failure"] for name in names} == dict.fromkeys(names)
    return course


def seeds(course: TemporaryCourse, name: str) -> list[int]:
    return [repeat["seed"] for repeat in course.record(name)["run"]["repeats"]]


def values(course: TemporaryCourse, name: str) -> list[float]:
    return [repeat["value"] for repeat in course.record(name)["run"]["repeats"]]


def test_each_repeat_is_listed_with_a_seed_and_a_value_of_its_own(repeated: TemporaryCourse) -> None:
    assert len(set(seeds(repeated, "luck"))) == 3
    assert all(0 <= seed < 2**32 for seed in seeds(repeated, "luck"))
    assert len(set(values(repeated, "luck"))) > 1


def test_the_value_is_the_mean_of_the_repeats_and_lies_in_its_interval(repeated: TemporaryCourse) -> None:
    record = repeated.record("luck")
    primary = record["scores"][0]
    assert primary["value"] == pytest.approx(fmean(values(repeated, "luck")))
    assert primary["low"] <= primary["value"] <= primary["high"]
    assert record["baseline"]["met"] is (primary["value"] >= 0.8)


def test_all_submissions_get_the_same_seeds(repeated: TemporaryCourse) -> None:
    assert seeds(repeated, "luck") == seeds(repeated, "steady")


def test_a_deterministic_model_scores_the_same_in_every_repeat(repeated: TemporaryCourse) -> None:
    assert len(values(repeated, "steady")) == 3
    assert len(set(values(repeated, "steady"))) == 1


def test_a_loaded_model_is_scored_once(repeated: TemporaryCourse) -> None:
    record = repeated.record("loaded")
    assert record["submission"]["mode"] == "loaded"
    assert values(repeated, "loaded") == [record["scores"][0]["value"]]


def test_the_first_repeat_is_what_one_run_alone_gives(repeated: TemporaryCourse) -> None:
    done = repeated.harness("evaluate", "submissions/luck", "--no-store", "--json", "-")
    (record,) = json.loads(done.stdout)
    (alone,) = record["run"]["repeats"]
    assert [alone["seed"], alone["value"]] == [seeds(repeated, "luck")[0], values(repeated, "luck")[0]]


def test_two_operations_are_counted_for_each_multiplication_and_addition(classroom: Classroom) -> None:
    assert classroom.record("network")["cost"]["flops_per_sample"] == 2 * (2 * 5 + 5 * 3)


def test_operators_that_are_not_counted_are_listed(classroom: Classroom) -> None:
    (audit,) = [
        audit for audit in classroom.record("network")["audits"] if audit["name"] == "operators counted in FLOPs"
    ]
    assert (audit["passed"], audit["severity"]) == (True, "warn")
    assert "uncounted: " in audit["detail"]
    assert "aten.relu.default" in audit["detail"]
    assert "aten.addmm" not in audit["detail"]


def test_without_torch_no_operations_are_claimed(repeated: TemporaryCourse) -> None:
    record = repeated.record("steady")
    assert record["cost"]["flops_per_sample"] is None
    assert "operators counted in FLOPs" not in [audit["name"] for audit in record["audits"]]
