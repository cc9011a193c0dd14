"""How workers start is chosen by an option, and nothing of a record depends on it."""

from __future__ import annotations

import pytest

from harness.sandbox import find_sandbox, reason_for_cold_start

pytestmark = pytest.mark.user  # CI runs it as root and as an ordinary user

TELLS = """
import os

import numpy as np

import harness


class Model(harness.Model):
    def fit(self, train, validation):
        raise RuntimeError("forked" if os.path.isdir("/staging") else "started")

    def predict(self, inputs):
        return np.zeros(len(inputs), int)
"""


@pytest.fixture(scope="module", autouse=True)
def forking() -> None:
    problem = reason_for_cold_start(find_sandbox(()))
    if problem is not None:
        pytest.skip(f"no worker is forked here: {problem}")


def said(course) -> str:
    return course.record()["failure"]["message"]


def test_evaluate_forks_workers_and_starts_them_when_asked_to(course):
    course.submit(TELLS)
    assert course.harness("evaluate", "submissions/bob").returncode == 1
    assert said(course) == "RuntimeError: forked"
    assert course.harness("evaluate", "submissions/bob", "--cold", "--force").returncode == 1
    assert said(course) == "RuntimeError: started"


@pytest.mark.thorough
def test_grade_forks_workers_and_starts_them_when_asked_to(course):
    course.submit(TELLS)
    assert course.harness("grade", "--data", "embedded").returncode == 0
    assert said(course) == "RuntimeError: forked"
    assert course.harness("grade", "--data", "embedded", "--cold", "--force").returncode == 0
    assert said(course) == "RuntimeError: started"


@pytest.mark.thorough
def test_a_record_is_kept_however_its_workers_were_started(course):
    course.submit()
    assert course.harness("evaluate", "submissions/bob").returncode == 0
    forked = course.record()
    again = course.harness("evaluate", "submissions/bob", "--cold")
    assert "unchanged" in again.stdout
    assert course.harness("evaluate", "submissions/bob", "--cold", "--force").returncode == 0
    started = course.record()
    assert forked["run"]["id"] == started["run"]["id"]
    assert forked["scores"] == started["scores"]
    for key in ("parameters", "artifact_bytes", "flops_per_sample"):
        assert forked["cost"][key] == started["cost"][key]
    assert forked["run"]["phases"].keys() == started["run"]["phases"].keys()


NOTICE = "workers start slowly (cold)"


def test_a_cold_start_is_reported_once_with_why_and_what_to_do(course):
    for name in ("bob", "cleo"):
        folder = course.submit(TELLS, name=name)
        (folder / "msgspec.py").write_text("mine = True\n")
    for command in ("evaluate", "submissions/bob", "submissions/cleo"), ("grade", "--data", "embedded", "--force"):
        done = course.harness(*command)
        assert done.stderr.count(NOTICE) == 1, done.stderr
        assert "(msgspec): rename them" in done.stderr
        assert NOTICE not in done.stdout
        assert said(course) == "RuntimeError: started"


@pytest.mark.thorough
def test_a_level_that_cannot_fork_says_so_unless_cold_was_asked_for(course):
    course.submit(TELLS)
    weak = course.harness("evaluate", "submissions/bob", "--isolation", "exactly:rlimits")
    assert weak.stderr.count(NOTICE) == 1
    assert "level rlimits has no namespaces" in weak.stderr
    assert "harness doctor" in weak.stderr
    asked = course.harness("evaluate", "submissions/bob", "--isolation", "exactly:rlimits", "--cold", "--force")
    assert asked.stderr == ""
