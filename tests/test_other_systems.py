"""The whole line with what Windows and macOS have of the standard library (`tests/other_systems.py`)."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests import other_systems
from tests.conftest import CENTROIDS, PATIENCE, TemporaryCourse

pytestmark = pytest.mark.line

SEEING = CENTROIDS.replace(
    "        self.centres",
    """\
        from harness.worker import _confine
        print("the worker runs on", _confine.sys.platform, "with the limits of", _confine.resource)
        self.centres""",
    1,
)
STRAYING = """
import subprocess, sys
import harness

class Model(harness.Model):
    def fit(self, train, validation):
        child = subprocess.Popen([sys.executable, "-S", "-c", "import time; time.sleep(600)"])
        print("began", child.pid, flush=True)
        while True:
            pass

    def predict(self, inputs):
        return [0] * len(inputs)
"""
LOUD = """
import harness

class Model(harness.Model):
    def fit(self, train, validation):
        print("£ and € are printed", flush=True)
        raise ValueError("a mistake")

    def predict(self, inputs):
        return [0] * len(inputs)
"""


@dataclass(frozen=True)
class System:
    """A course on another system."""

    name: str
    course: TemporaryCourse

    @property
    def temporary(self) -> Path:
        """Temporary files: on those systems every user has a folder for them."""
        folder = self.course.root.parent / "temporary"
        folder.mkdir(exist_ok=True)
        return folder

    def harness(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run the command line there."""
        done = subprocess.run(
            [sys.executable, "-P", other_systems.__file__, self.name, "-m", "harness", *arguments],
            cwd=self.course.root,
            env=os.environ | self.course.environment | {"TMPDIR": str(self.temporary)},
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert "Traceback" not in done.stderr, done.stderr
        return done


@pytest.fixture(params=["win32", "darwin"])
def system(request: pytest.FixtureRequest, course: TemporaryCourse) -> System:
    """The temporary course, on Windows and on macOS."""
    return System(request.param, course)


def deciding(record: dict[str, Any]) -> dict[str, Any]:
    """Return what of a record must not depend on where it was made."""
    cost = {name: record["cost"][name] for name in ("parameters", "artifact_bytes", "knowledge_bytes")}
    submission = {name: record["submission"][name] for name in ("name", "digest", "mode")}
    named = {name: record[name] for name in ("task", "status", "failure", "scores", "baseline")}
    return named | {"submission": submission, "cost": cost, "audits": [one["name"] for one in record["audits"]]}


@pytest.mark.thorough
def test_a_record_says_the_same_as_on_linux(system: System) -> None:
    system.course.evaluate(CENTROIDS, "--isolation", "rlimits")
    here = system.course.record()
    done = system.harness("evaluate", "submissions/bob", "--force")
    assert done.returncode == 0, done.stdout + done.stderr
    there = system.course.record()
    assert deciding(there) == deciding(here)
    assert there["run"]["isolation"]["level"] == "rlimits"
    assert there["run"]["isolation"]["detail"] != here["run"]["isolation"]["detail"]


@pytest.mark.thorough
def test_every_command_works(system: System) -> None:
    system.course.submit(CENTROIDS, name="ann")
    system.course.submit(LOUD, name="bob")
    for command in (
        "check submissions/ann",
        "grade --data embedded --isolation rlimits",
        "evaluate submissions/ann",
        "leaderboard",
        "report submissions/ann",
        "export csv",
        "tasks",
        "data verify",
        "new submission carol --task blobs",
    ):
        done = system.harness(*command.split())
        assert done.returncode in (0, 1), f"{command}: {done.stdout}{done.stderr}"
    assert system.course.record("ann")["status"] == "passed"
    failure = system.course.record("bob")["failure"]
    assert (failure["kind"], failure["line"]) == ("fit_error", 7)
    assert "£ and € are printed" in failure["log_tail"]


@pytest.mark.thorough
def test_grading_without_isolation_must_be_confirmed(system: System) -> None:
    system.course.submit()
    done = system.harness("grade", "--data", "embedded")
    assert done.returncode == 3
    assert "--isolation rlimits" in done.stderr


def test_the_doctor_names_the_isolation_and_no_remedy_of_linux(system: System) -> None:
    done = system.harness("doctor")
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "ready: isolation rlimits"
    for remedy in ("apt-get", "sysctl", "Landlock"):
        assert remedy not in done.stdout


@pytest.mark.thorough
def test_the_worker_runs_on_the_simulated_system_too(course: TemporaryCourse) -> None:
    system = System("win32", course)
    course.submit(SEEING + "\n    def save(self, folder):\n        raise ValueError('to show the log')\n")
    system.harness("evaluate", "submissions/bob")
    assert "the worker runs on win32 with the limits of None" in course.record()["failure"]["log_tail"]


@pytest.mark.thorough
def test_a_worker_over_its_limit_is_killed_with_its_children(system: System) -> None:
    system.course.add_task(limits="fit_cpu_seconds=1")
    system.course.submit(STRAYING)
    done = system.harness("evaluate", "submissions/bob", "--json", "-")
    (record,) = json.loads(done.stdout)
    assert record["failure"]["kind"] == "timeout", record["failure"]
    child = int(record["failure"]["log_tail"].split()[1])
    deadline = time.monotonic() + PATIENCE  # a process that was killed ends when it has its turn
    while runs(child) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not runs(child)


def runs(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


@pytest.mark.thorough
def test_a_link_among_the_files_is_refused_without_descriptors_of_folders(course: TemporaryCourse) -> None:
    folder = course.submit()
    (folder / "labels.npy").symlink_to(Path(__file__))
    System("win32", course).harness("evaluate", "submissions/bob")
    failure = course.record()["failure"]
    assert failure["kind"] == "invalid_submission"
    assert "labels.npy" in failure["message"]
