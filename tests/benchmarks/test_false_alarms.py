"""How often the audits call honest models cheats: each kind of model, seed after seed, on the enlarged digits.

And the convolutions on generated blood cells, whose granules the jitter blurs.

pytest tests/benchmarks/test_false_alarms.py --benchmark-only -s
"""

from __future__ import annotations

import json
import shutil
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SEEDS = 6
NET = """
import numpy as np
import torch
from torch import nn

import harness


class Model(harness.Model):
    def __init__(self):
        self.net = nn.Sequential(nn.Flatten(), nn.Linear(256, 64), {norm}nn.ReLU(), nn.Linear(64, 10))

    def fit(self, train, validation):
        x, y = torch.from_numpy(np.array(train.inputs)), torch.from_numpy(np.array(train.targets))
        optimiser = torch.optim.Adam(self.net.parameters(), 3e-3)
        for _ in range(60):
            optimiser.zero_grad()
            nn.functional.cross_entropy(self.net(x), y).backward()
            optimiser.step()
        self.net.eval()

    def predict(self, inputs):
        return self.net(torch.from_numpy(inputs))
"""
ESTIMATOR = """
import harness
from sklearn.{module} import {name}


class Model(harness.Model):
    def fit(self, train, validation):
        self.estimator = {name}().fit(train.inputs.reshape(len(train), -1), train.targets)

    def predict(self, inputs):
        return self.estimator.predict(inputs.reshape(len(inputs), -1))
"""
HONEST = {
    "net": NET.format(norm=""),
    "batch-norm": NET.format(norm="nn.BatchNorm1d(64), "),
    "k-nn": ESTIMATOR.format(module="neighbors", name="KNeighborsClassifier"),
    "svm": ESTIMATOR.format(module="svm", name="SVC"),
}


@pytest.mark.timeout(0)
@pytest.mark.parametrize(
    ("task", "paths"),
    [("usps", [f"submissions/{name}" for name in HONEST]), ("bloodmnist", ["reference/cnn/bloodmnist"])],
    ids=["usps", "bloodmnist"],
)
def test_honest_models_over_many_seeds(benchmark, course, task, paths):
    for part in (f"tasks/{task}", "tasks/_shared", "reference/_shared", "reference/cnn"):
        shutil.copytree(ROOT / part, course.root / part)
    for name, model in HONEST.items():
        course.submit(model, name=name, task="usps")
    alarms: Counter[str] = Counter()

    def evaluate() -> None:
        for seed in range(SEEDS):
            out = course.root / f"{seed}.json"
            course.harness(
                "evaluate", *paths, "--task", task, "--data", "embedded",
                "--no-store", "--seed", str(seed), "--json", str(out), timeout=600,
            )  # fmt: skip
            for record in json.loads(out.read_text()):
                assert record["failure"] is None or record["failure"]["kind"] == "audit_failed"
                for audit in record["audits"]:
                    if not audit["passed"]:
                        alarms[f"{audit['severity']} {audit['name']} {record['submission']['name']}"] += 1

    benchmark.pedantic(evaluate, rounds=1)
    benchmark.extra_info.update(runs=SEEDS * len(paths), **alarms)
    print(f"\n{SEEDS * len(paths)} honest runs: {dict(alarms) or 'no alarm'}")
