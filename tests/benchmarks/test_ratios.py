"""What a harness costs: an evaluation, and a class of 24, against bare scripts that do the same work in the same run.

    HARNESS_DATA=... pytest tests/benchmarks/test_ratios.py --benchmark-only -s

A bare script imports, reads arrays, fits and predicts, in one process and one thread; it saves, isolates and measures
nothing. None passes or fails by the clock.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest

from harness.course import Course
from harness.data import Places, load_data
from tests.conftest import REPOSITORY, TemporaryCourse

CLASS_OF = 8
"""Copies of each."""
START = ("", "--cold")

NEAREST = """
import numpy as np

def fit(inputs, targets):
    return inputs.reshape(len(inputs), -1), targets

def predict(learnt, inputs):
    known, labels = learnt
    inputs = inputs.reshape(len(inputs), -1)
    return labels[((known**2).sum(axis=1) - 2 * inputs @ known.T).argmin(axis=1)]
"""
NETWORK = """
import torch
from torch import nn

def fit(inputs, targets):
    net = nn.Sequential(nn.Flatten(), nn.Linear(256, 128), nn.ReLU(), nn.Linear(128, 64), nn.ReLU(), nn.Linear(64, 10))
    optimiser = torch.optim.AdamW(net.parameters(), lr=1e-3)
    inputs, targets = torch.tensor(inputs), torch.tensor(targets)
    for _ in range(10):
        for batch in torch.randperm(len(inputs)).split(64):
            optimiser.zero_grad()
            nn.functional.cross_entropy(net(inputs[batch]), targets[batch]).backward()
            optimiser.step()
    return net

def predict(net, inputs):
    with torch.no_grad():
        return net(torch.tensor(inputs)).numpy()
"""
COMMONEST = """
import numpy as np

def fit(inputs, targets):
    return np.bincount(targets).argmax()

def predict(label, inputs):
    return np.full(len(inputs), label)
"""
JOBS = {"J1": NEAREST, "J2": NETWORK, "J3": COMMONEST}
BARE = """
import sys
import numpy
{body}
data = numpy.load(sys.argv[1])
answers = predict(fit(data["train"], data["train_targets"]), data["test"])
labels = answers.argmax(axis=1) if answers.ndim == 2 else answers
print((labels == data["test_targets"]).mean())
"""
MODEL = """
import harness
{body}

class Model(harness.Model):
    def fit(self, train, validation):
        self.learnt = fit(train.inputs, train.targets)

    def predict(self, inputs):
        return predict(self.learnt, inputs)
"""


@pytest.fixture
def digits(course: TemporaryCourse, tmp_path: Path) -> TemporaryCourse:
    """A course with the task ``usps`` in one thread, and its arrays for the bare scripts."""
    course.environment.pop("HARNESS_DATA")  # the real files, where there are any
    course.environment.pop("HARNESS_LATENCY_SECONDS")  # measured as long as by default
    course.environment["HARNESS_LOCKS"] = str(tmp_path)  # no other harness on this machine is waited for
    folder = course.root / "tasks" / "usps"
    shutil.copytree(REPOSITORY / "tasks" / "usps", folder, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.rmtree(course.root / "tasks" / "blobs")
    text = (folder / "task.py").read_text()
    (folder / "task.py").write_text(text.replace("perturb=shift,", "perturb=shift, threads=1,"))
    here = Course(course.root)
    data = load_data(here.task("usps"), here.task_digest("usps"), Places.of(os.environ | course.environment), "auto")
    train, test = data.train, data.scored
    np.savez(
        tmp_path / "arrays.npz",
        train=train.inputs, train_targets=train.targets, test=test.inputs, test_targets=test.targets,
    )  # fmt: skip
    for name, body in JOBS.items():
        (tmp_path / f"{name}.py").write_text(BARE.format(body=body))
    return course


def bare(tmp_path: Path, *names: str) -> float:
    """Run the scripts of these names, two at a time; return the seconds that takes."""
    variables = os.environ | dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
    command = ["xargs", "-P2", "-n2", sys.executable]
    lines = "".join(f"{tmp_path / name}.py {tmp_path / 'arrays.npz'}\n" for name in names)
    begin = time.perf_counter()
    subprocess.run(command, input=lines, text=True, env=variables, stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - begin


def timed(course: TemporaryCourse, *arguments: str) -> float:
    begin = time.perf_counter()
    done = course.process(*arguments, timeout=1200)
    assert done.returncode in (0, 1), done.stdout + done.stderr
    return time.perf_counter() - begin


def shown(phases: dict[str, Any]) -> str:
    return "  ".join(f"{name} {seconds:.2f}" for name, seconds in phases.items())


@pytest.mark.parametrize("start", START, ids=["warm", "cold"])
@pytest.mark.parametrize("name", JOBS)
def test_one_submission_against_its_bare_script(benchmark, digits, tmp_path, name, start):
    course = digits
    course.submit(MODEL.format(body=JOBS[name]), name="one", task="usps")
    options = ("evaluate", "submissions/one", "--force", *([start] if start else []))
    timed(course, *options)  # data are prepared once, files are in memory then
    script = min(bare(tmp_path, name) for _ in range(3))
    whole = benchmark.pedantic(lambda: timed(course, *options), rounds=1)
    run = course.record("one", "usps")["run"]
    print(f"\n{name} {start or 'warm'}: bare {script:.2f} s, evaluate {whole:.2f} s: × {whole / script:.2f}")
    print(f"  outside the line {whole - run['seconds']:.2f}  {shown(run['phases'])}")
    benchmark.extra_info.update(bare=script, whole=whole, phases=run["phases"])


@pytest.mark.parametrize("start", START, ids=["warm", "cold"])
def test_a_class_of_24_against_bare_scripts(benchmark, digits, tmp_path, start):
    course, names = digits, [name for name in JOBS for _ in range(CLASS_OF)]
    for number, name in enumerate(names):
        course.submit(MODEL.format(body=JOBS[name]) + f"\n# {number}\n", name=f"s{number:02}", task="usps")
    script = bare(tmp_path, *names)
    options = [start] if start else []
    if not os.environ.get("HARNESS_DATA"):
        options += ["--data", "embedded"]
    timed(course, "evaluate", "submissions/s00", "--no-store", *options)  # data are prepared once
    before = psutil.cpu_times()
    whole = benchmark.pedantic(lambda: timed(course, "grade", "--jobs", "2", *options), rounds=1)
    after, phases = psutil.cpu_times(), Counter[str]()
    idle = (after.idle - before.idle) / (sum(after) - sum(before))
    for number in range(len(names)):
        phases.update(course.record(f"s{number:02}", "usps")["run"]["phases"])
    print(f"\n24, {start or 'warm'}: bare {script:.2f} s, grade {whole:.2f} s: × {whole / script:.2f}, idle {idle:.0%}")
    print(f"  of all 24 together: {shown(dict(phases))}")
    benchmark.extra_info.update(bare=script, whole=whole, phases=dict(phases), idle=idle)
