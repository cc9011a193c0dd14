"""What grading a class costs beyond its fits.

    pytest tests/benchmarks/test_grade.py --benchmark-only -s

Classes are made of copies of one real record; none passes or fails by the clock.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import msgspec
import numpy as np
import pytest

from harness.course import Course
from harness.data import Places
from harness.evaluation import Settings, TasksInUse, identify, read_contents
from harness.record import Evidence, EvidenceStore, Record, Store
from tests.conftest import BRIEFLY, CENTROIDS, TemporaryCourse

TASKS = 5
DIGITS = (Path(__file__).parents[2] / "submissions" / "alice" / "usps" / "model.py").read_text()


@dataclass(frozen=True)
class Copies:
    """Turns one evaluated submission into a class of them."""

    course: Course
    task: str

    def make(self, count: int) -> None:
        """Submit `count` copies, each with the record that an evaluation would give it."""
        course, name = self.course, self.task
        store = Store(course.leaderboard / "records", course.private / "records.lock")
        record = store.read(name, "s0000")
        assert isinstance(record, Record)
        settings = Settings(data="embedded", weights="declared", latency_seconds=float(BRIEFLY))
        used = TasksInUse(course, Places.of(os.environ), settings).task(name)
        evidence = course.private / "evidence" / name
        for number in range(1, count):
            who = f"s{number:04}"
            folder = course.root / "submissions" / who / name
            folder.mkdir(parents=True)
            (folder / "model.py").write_text(f"{CENTROIDS}\n# {number}\n")
            contents = read_contents(folder, used.task.limits)
            identity = identify(who, contents, used, settings, record.run.isolation.level)
            part = msgspec.structs.replace(record.submission, name=who, digest=contents.digest)
            run = msgspec.structs.replace(record.run, id=identity.id)
            copy = msgspec.structs.replace(record, submission=part, run=run)
            path = store.path(name, who)
            path.write_bytes(msgspec.json.format(msgspec.json.encode(copy), indent=2) + b"\n")
            shutil.copytree(evidence / "s0000", evidence / who)


@pytest.fixture
def environment(course: TemporaryCourse, monkeypatch: pytest.MonkeyPatch) -> TemporaryCourse:
    for name, value in course.environment.items():
        monkeypatch.setenv(name, value)
    return course


def test_500_unchanged_submissions_of_5_tasks(benchmark, environment):
    course = environment
    shutil.rmtree(course.root / "tasks" / "blobs")
    names = [f"blobs{number}" for number in range(TASKS)]
    for name in names:
        course.add_task(name, more="threads=1, points=((0.5, 0.0), (1.0, 10.0)),")
        course.submit(name="s0000", task=name)
    assert course.process("grade", "--data", "embedded", timeout=600).returncode == 0
    for name in names:
        Copies(Course(course.root), name).make(500)
    planned = course.harness("grade", "--data", "embedded", "--dry-run").stdout
    assert planned.splitlines()[-1].startswith("0 to evaluate"), planned  # else it would evaluate 2,500
    assert course.harness("grade", "--data", "embedded").returncode == 0  # writes the leaderboard
    done = benchmark.pedantic(lambda: course.harness("grade", "--data", "embedded"), rounds=5)
    assert done.stdout.splitlines()[-1] == "graded: 2500 of 2500, 2500 of them kept"
    print(f"\n2,500 unchanged: median {benchmark.stats.stats.median:.2f} s")


@pytest.mark.parametrize("count", [2_500, 10_000])
def test_the_leaderboard_rebuilt(benchmark, environment, count):
    course = environment
    course.submit(name="s0000")
    assert course.harness("grade", "--data", "embedded").returncode == 0
    here = Course(course.root)
    store, evidence = (
        Store(here.leaderboard / "records", here.private / "lock"),
        EvidenceStore(here.private / "evidence"),
    )
    record = store.read("blobs", "s0000")
    assert isinstance(record, Record)
    generator = np.random.Generator(np.random.PCG64(0))
    for number in range(count):
        name, task = f"s{number:05}", f"t{number % TASKS}"
        outcomes = generator.random(2007) < generator.normal(0.94, 0.02)
        items = Evidence(outcomes=outcomes, predictions=generator.integers(0, 10, 2007))
        evidence.write(task, name, items)
        copy = msgspec.structs.replace(
            record,
            task=msgspec.structs.replace(record.task, name=task),
            submission=msgspec.structs.replace(record.submission, name=name),
            scores=tuple(msgspec.structs.replace(score, value=float(outcomes.mean())) for score in record.scores),
            run=msgspec.structs.replace(record.run, evidence_digest=items.digest),
        )
        path = store.path(task, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(msgspec.json.encode(copy))
    done = benchmark.pedantic(lambda: course.harness("leaderboard"), rounds=3)
    assert done.returncode == 0
    print(f"\n{count:,} records: median {benchmark.stats.stats.median:.2f} s")


@pytest.mark.parametrize("count", [4, 16])
def test_the_graders_memory(benchmark, environment, count):
    course = environment
    course.add_task(more="threads=1,")
    for number in range(count):
        course.submit(name=f"s{number:04}")
    code = (
        "import resource, sys, runpy; sys.argv = ['harness', 'grade', '--data', 'embedded']\n"
        "try: runpy.run_module('harness', run_name='__main__')\n"
        "except SystemExit: pass\n"
        "whose = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)\n"
        "print(*(resource.getrusage(who).ru_maxrss // 1024 for who in whose))"
    )
    done = benchmark.pedantic(
        lambda: subprocess.run(
            [sys.executable, "-c", code], cwd=course.root, capture_output=True, text=True, check=True
        ),
        rounds=1,
    )
    own, children = done.stdout.splitlines()[-1].split()
    print(f"\n{count} evaluated: {own} MiB in the grader, {children} MiB in its largest process")


def test_latency_in_a_full_parallel_run_and_alone(benchmark, environment):
    course = environment
    tasks = Path(__file__).parents[2] / "tasks" / "usps"
    shutil.copytree(tasks, course.root / "tasks" / "usps", ignore=shutil.ignore_patterns("__pycache__"))
    for number in range(4):
        course.submit(DIGITS, name=f"s{number:04}", task="usps")
    text = (course.root / "tasks" / "usps" / "task.py").read_text()
    (course.root / "tasks" / "usps" / "task.py").write_text(text.replace("perturb=shift,", "perturb=shift, threads=1,"))

    def graded() -> list[float]:
        done = course.process("grade", "--data", "embedded", "--only", "*/usps", "--force", timeout=600)
        assert done.returncode == 0, done.stdout + done.stderr
        return [course.record(f"s{n:04}", "usps")["cost"]["latency"]["ratio_to_yardstick"] for n in range(4)]

    together = benchmark.pedantic(graded, rounds=1)
    alone = []
    for number in range(4):
        done = course.process("evaluate", f"submissions/s{number:04}", "--data", "embedded", "--force", timeout=600)
        assert done.returncode in (0, 1), done.stdout + done.stderr
        alone.append(course.record(f"s{number:04}", "usps")["cost"]["latency"]["ratio_to_yardstick"])
    benchmark.extra_info.update(together=together, alone=alone)
    print(f"\n× the yardstick: in a parallel run {together}, alone {alone}")
