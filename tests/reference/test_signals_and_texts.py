"""References on signals and texts, from the embedded sources: the simple ones always, networks with ``-m slow``."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import REPOSITORY, TemporaryCourse

DATA = Path(os.environ.get("HARNESS_DATA") or "no-data")

QUICK = {  # reference and task: the primary score, and how far off another machine may be
    ("majority", "ecg200"): (0.5, 0),
    ("majority", "ecg5000"): (0.5, 0),
    ("majority", "medical_abstracts"): (0.0699, 1e-4),
    ("majority", "drug_reviews"): (0.2142, 1e-4),
    ("majority", "usps"): (0.1022, 1e-4),
    ("last-value", "glucose"): (11.286, 1e-3),
    ("knn", "ecg200"): (0.755, 0.01),
    ("knn", "ecg5000"): (0.7875, 0.01),
    ("tfidf", "medical_abstracts"): (0.7553, 0.005),
    ("tfidf", "drug_reviews"): (0.4965, 0.005),
}
NETWORKS = {  # at least this, forecasts at most: three or four points off what docs/results.md has
    ("linear", "ecg200"): 0.82,
    ("linear", "ecg5000"): 0.86,
    ("rnn", "ecg200"): 0.81,
    ("gru", "ecg200"): 0.83,
    ("lstm", "ecg200"): 0.82,
    ("rnn", "ecg5000"): 0.85,
    ("gru", "ecg5000"): 0.86,
    ("lstm", "ecg5000"): 0.87,
    ("rnn", "glucose"): 7.0,
    ("gru", "glucose"): 7.0,
    ("lstm", "glucose"): 7.0,
    ("textcnn", "medical_abstracts"): 0.91,
    ("textrnn", "medical_abstracts"): 0.92,
    ("textcnn", "drug_reviews"): 0.73,
    ("textrnn", "drug_reviews"): 0.67,
}


def evaluated(base: Path, pairs: list[tuple[str, str]], *where: str) -> TemporaryCourse:
    """Evaluate these references in a copy of the repository's course."""
    course = TemporaryCourse.below(base)
    folders = {f"reference/{name}/{task}" for name, task in pairs} | {f"tasks/{task}" for _, task in pairs}
    for folder in sorted(folders | {"tasks/_shared", "reference/_shared"}):
        shutil.copytree(REPOSITORY / folder, course.root / folder)
    done = course.process("evaluate", *(f"reference/{name}/{task}" for name, task in pairs), *where, timeout=1700)
    assert done.returncode in (0, 1), done.stdout + done.stderr
    return course


def record_of(course: TemporaryCourse, name: str, task: str) -> dict[str, Any]:
    record = course.record(f"reference/{name}", task)
    assert record["status"] != "failed", record["failure"]
    return record


@pytest.fixture(scope="module")
def simple(tmp_path_factory: pytest.TempPathFactory) -> TemporaryCourse:
    return evaluated(tmp_path_factory.mktemp("simple"), list(QUICK), "--data", "embedded")


@pytest.fixture(scope="module")
def networks(tmp_path_factory: pytest.TempPathFactory) -> TemporaryCourse:
    return evaluated(tmp_path_factory.mktemp("networks"), list(NETWORKS), "--data", "embedded")


@pytest.mark.thorough
@pytest.mark.line
@pytest.mark.parametrize(("name", "task"), QUICK)
def test_simple_references_reach_their_known_scores(simple: TemporaryCourse, name: str, task: str) -> None:
    record = record_of(simple, name, task)
    expected, tolerance = QUICK[name, task]
    assert record["task"]["source"] == "embedded"
    assert record["scores"][0]["value"] == pytest.approx(expected, abs=tolerance)
    assert record["baseline"]["met"] == (name != "majority")


@pytest.mark.thorough
@pytest.mark.line
def test_a_majority_classifier_has_one_parameter_per_class(simple: TemporaryCourse) -> None:
    assert record_of(simple, "majority", "ecg5000")["cost"]["parameters"] == 5
    assert record_of(simple, "knn", "ecg200")["cost"]["parameters"] == 200 * (96 + 1)


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize(("name", "task"), NETWORKS)
def test_the_networks_learn(networks: TemporaryCourse, name: str, task: str) -> None:
    record = record_of(networks, name, task)
    primary = record["scores"][0]
    better = primary["value"] >= NETWORKS[name, task] if primary["higher_is_better"] else None
    assert better if better is not None else primary["value"] <= NETWORKS[name, task]
    assert record["status"] == "passed", "better than the baseline"
    assert record["cost"]["cpu_seconds"] < 150, "half of what a task allows by default"
    assert record["cost"]["parameters_verified"]


@pytest.mark.line
@pytest.mark.thorough
@pytest.mark.skipif(not (DATA / "ecg200").is_dir(), reason="no $HARNESS_DATA/ecg200")
def test_the_nearest_neighbour_gets_what_the_archive_publishes_for_ecg200(tmp_path: Path) -> None:
    course = evaluated(tmp_path, [("knn", "ecg200")], "--data-root", str(DATA))
    record = record_of(course, "knn", "ecg200")
    assert record["scores"][0]["value"] == pytest.approx(0.88, abs=1e-9)
    assert record["status"] == "passed"
