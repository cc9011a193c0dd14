"""What the course asks of its references, by the records they left in ``docs/records``: nothing is trained here.

The records are of `harness evaluate reference/X/TASK --json`, on real data and embedded: see docs/results.py.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from harness.course import Course
from tests.conftest import REPOSITORY
from tests.reference import test_images, test_signals_and_texts

COURSE = Course(REPOSITORY)
REFERENCES = sorted(path.parent for path in (REPOSITORY / "reference").glob("*/*/model.py"))
REAL = ("bccd", "drug_reviews", "ecg200", "ecg5000", "medical_abstracts", "nuclei", "pneumoniamnist", "usps")
"""Tasks of which real data were at hand."""

ASKED = {
    ("resnet18", "pneumoniamnist"): {"accuracy": 0.824, "auc": 0.914},
    ("knn", "ecg200"): {"accuracy": 0.88},
    ("otsu", "nuclei"): {"dice": 0.875},
    ("unet", "nuclei"): {"dice": 0.9},
    ("centernet", "bccd"): {"map50": 0.5},
    ("fasterrcnn", "bccd"): {"map50": 0.5},
}
"""On real data, at least."""


@cache
def records() -> dict[tuple[str, str, bool], dict[str, Any]]:
    """The newest record of each reference, task and kind of data: real or not."""
    folders = (REPOSITORY / "docs" / "records", REPOSITORY / "leaderboard" / "records")
    found = [record for folder in folders for path in folder.rglob("*.json") for record in listed(path)]
    found.sort(key=lambda record: record["run"]["started"])
    return {
        (
            record["submission"]["name"].removeprefix("reference/"),
            record["task"]["name"],
            record["task"]["source"] != "embedded",
        ): record
        for record in found
    }


def listed(path: Path) -> list[dict[str, Any]]:
    content = json.loads(path.read_text())
    return content if isinstance(content, list) else [content]


def test_every_reference_was_measured_on_every_task_it_serves() -> None:
    served = [(folder.parent.name, folder.name) for folder in REFERENCES]
    wanted = [(*one, real) for one in served for real in (False, True) if not real or one[1] in REAL]
    assert [one for one in wanted if one not in records()] == []
    found = {one: records()[one] for one in wanted}
    assert [one for one, record in found.items() if record["failure"] is not None] == []
    assert [one for one, record in found.items() if record["task"]["scored_on"] != "test"] == []
    took = {one: (record["cost"]["cpu_seconds"], COURSE.task(one[1]).limits) for one, record in found.items()}
    assert [one for one, (seconds, limits) in took.items() if seconds >= limits.fit_cpu_seconds] == []
    assert [one for one, record in found.items() if record["cost"]["latency"] is None] == []


@pytest.mark.parametrize(("name", "task"), ASKED)
def test_references_reach_the_scores_required_on_real_data(name: str, task: str) -> None:
    record = records()[name, task, True]
    scores = {score["name"]: score["value"] for score in record["scores"]}
    assert record["status"] == "passed"
    assert all(scores[metric] >= least for metric, least in ASKED[name, task].items()), scores


def test_the_nearest_neighbour_reaches_the_published_score() -> None:
    assert records()["knn", "ecg200", True]["scores"][0]["value"] == pytest.approx(0.88, abs=1e-9)


def test_every_task_is_evaluated_end_to_end_without_asking_for_slow_tests() -> None:
    pictures = {path.split("/")[2] for path in test_images.QUICK}
    others = {task for _, task in test_signals_and_texts.QUICK}
    assert pictures | others == set(COURSE.task_names())
