"""``harness audit learning`` on real submissions: an honest one, and one that brings along what it knows."""

from __future__ import annotations

import json

import pytest

from tests.conftest import CENTROIDS, TemporaryCourse

pytestmark = pytest.mark.line

BROUGHT = """
import harness


class Model(harness.Model):
    def fit(self, train, validation):
        self.learned = train.targets[:1]

    def predict(self, inputs):
        return [FIRST if x < 0.5 and y < 0.4 else SECOND if y < 0.45 else THIRD for x, y in inputs]


FIRST, SECOND, THIRD = 0, 1, 2
KNOWLEDGE = "NUMBERS"
"""
"""Regions of the plane by their old names, and as many bytes beside them as a network would have."""


def test_what_was_brought_along_is_told_from_what_was_learned(course: TemporaryCourse) -> None:
    course.add_task()
    course.submit(CENTROIDS, name="ann")
    numbers = "".join(f"{number * number:x}" for number in range(2000))
    course.submit(BROUGHT.replace("NUMBERS", numbers), name="eve")
    done = course.harness("audit", "learning", "submissions/ann", "submissions/eve", "--data", "embedded")
    assert done.returncode == 1, done.stdout + done.stderr
    assert "1 passed, 1 failed" in done.stdout
    kept = {
        name: json.loads((course.root / ".harness" / "learning" / "blobs" / f"{name}.json").read_text())
        for name in ("ann", "eve")
    }
    assert {name: found["outcome"] for name, found in kept.items()} == {"ann": "passed", "eve": "failed"}
    assert not (course.root / "leaderboard").exists()


def test_the_best_on_the_leaderboard_is_asked_unless_somebody_is_named(course: TemporaryCourse) -> None:
    course.add_task()
    course.evaluate(CENTROIDS)
    record = course.record()
    done = course.harness("audit", "learning", "--data", "embedded")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "bob · blobs (the best of its task" in done.stdout
    assert "all classes exchanged" in done.stdout
    assert course.record() == record


def test_without_records_there_is_nothing_to_ask(course: TemporaryCourse) -> None:
    course.add_task()
    done = course.harness("audit", "learning")
    assert (done.returncode, "nothing to test" in done.stdout) == (0, True)
