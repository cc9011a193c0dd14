"""``harness audit learning`` on two submissions: one that learns, and one with built-in knowledge."""

from __future__ import annotations

import json

import pytest

from harness import open_course
from harness.api._learning_run import choose_of_graded
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


@pytest.mark.thorough
def test_built_in_knowledge_is_distinguished_from_learning(course: TemporaryCourse) -> None:
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


@pytest.mark.thorough
def test_the_best_on_the_leaderboard_is_tested_unless_others_are_named(course: TemporaryCourse) -> None:
    course.add_task()
    course.evaluate(CENTROIDS)
    record = course.record()
    done = course.harness("audit", "learning", "--data", "embedded")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "bob · blobs (the best of its task" in done.stdout
    assert "all classes exchanged" in done.stdout
    assert course.record() == record


def test_without_records_there_is_nothing_to_test(course: TemporaryCourse) -> None:
    course.add_task()
    done = course.harness("audit", "learning")
    assert (done.returncode, "nothing to test" in done.stdout) == (0, True)


@pytest.mark.thorough
def test_grade_tests_the_best_and_the_unusual_once_and_changes_no_grade(course: TemporaryCourse) -> None:
    course.environment["HARNESS_AUDIT_LEARNING"] = "yes"
    course.add_task(more="threads=1, points=((0.5, 0), (0.8, 10)),")
    numbers = "".join(f"{number * number:x}" for number in range(2000))
    course.submit(BROUGHT.replace("NUMBERS", numbers), name="eve")
    found = course.root / ".harness" / "learning" / "blobs" / "eve.json"

    without = course.harness("grade", "--data", "embedded", "--no-audit-learning")
    assert (without.returncode, "learned" in without.stdout, found.exists()) == (0, False, False), without.stdout
    record = course.record("eve")

    first = course.harness("grade", "--data", "embedded")
    assert first.returncode == 0, first.stdout + first.stderr
    assert "testing whether it was learned here: eve · blobs (the best of its task, fit took" in first.stdout
    assert "learned here: 1 failed; no grade depends on it; look at these before you judge" in first.stdout
    assert "10 of 10" in first.stdout
    assert (course.record("eve"), json.loads(found.read_text())["outcome"]) == (record, "failed")

    again = course.harness("grade", "--data", "embedded")
    assert "testing" not in again.stdout
    assert "learned here: 1 failed" in again.stdout

    course.submit(BROUGHT.replace("NUMBERS", numbers[::-1]), name="eve")
    changed = course.harness("grade", "--data", "embedded")
    assert "testing whether it was learned here: eve" in changed.stdout


def test_grade_tests_the_best_five_of_a_task_and_names_the_others(course: TemporaryCourse) -> None:
    """Of records alone: who of a class would be tested. The staff's solutions are not in the way."""
    course.evaluate(CENTROIDS, "--data", "embedded")
    records = course.root / "leaderboard" / "records" / "blobs"
    record = course.record()
    names = [f"s{number}" for number in range(7)]
    for name in (*names, "reference/knn"):
        course.submit(
            CENTROIDS, name=name.removeprefix("reference/"), base="reference" if "/" in name else "submissions"
        )
        (records / f"{name}.json").parent.mkdir(exist_ok=True)
        named = record | {"submission": record["submission"] | {"name": name}}
        (records / f"{name}.json").write_text(json.dumps(named))
    opened = open_course(course.root)
    graded = opened.submissions(*(f"submissions/{name}" for name in names))
    chosen, left = choose_of_graded(opened.folders, graded)
    assert [one.submission.name for one in (*chosen, *left)] == names
    assert len(chosen) == 5
    references, _ = choose_of_graded(opened.folders, opened.submissions("reference/knn"))
    assert [one.why.partition(",")[0] for one in references] == ["the best of its task"]
