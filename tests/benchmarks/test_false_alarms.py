"""How often the audits call honest models cheats: references and unusual submissions, seed after seed.

    pytest tests/benchmarks/test_false_alarms.py --benchmark-only -s

Each is evaluated, and its fits are tested by the audit of learning, on embedded data. What is found of each seed is
printed as soon as it is known. `HARNESS_HONEST` names a folder with further honest submissions, `NAME/TASK/model.py`;
`HARNESS_SEEDS` says how many seeds there are (10), `HARNESS_TASKS` which tasks.
"""

from __future__ import annotations

import json
import os
import shutil
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.conftest import TemporaryCourse
from tests.hostile._cases import cases

ROOT = Path(__file__).parents[2]
SEEDS = int(os.environ.get("HARNESS_SEEDS", "10"))
TASKS = os.environ.get("HARNESS_TASKS", "").split()
HANDED_IN = os.environ.get("HARNESS_HONEST")
QUICK = {
    "usps": "knn linear mlp majority",
    "ecg200": "knn linear majority",
    "ecg5000": "knn linear majority",
    "blobs": "",
    "glucose": "last-value",
    "medical_abstracts": "tfidf majority",
    "drug_reviews": "tfidf majority",
    "pneumoniamnist": "knn linear majority",
    "bloodmnist": "knn linear majority",
    "nuclei": "otsu majority",
}
"""References by task of which a fit takes seconds, and the tasks of all other submissions."""
SLOW = {
    "bccd": "majority centernet",
    "bloodmnist": "cnn mlp",
    "drug_reviews": "textrnn",
    "ecg200": "rnn gru lstm",
    "ecg5000": "rnn gru",
    "glucose": "gru",
    "medical_abstracts": "textcnn",
    "nuclei": "unet",
    "pneumoniamnist": "cnn mlp resnet18",
    "spect": "majority resnet18 vit",
}
"""Those of which a fit takes minutes, asked with a fifth of the seeds."""
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
OTHERS = {
    "net": NET.format(norm=""),
    "batch-norm": NET.format(norm="nn.BatchNorm1d(64), "),
    "5-nn": ESTIMATOR.format(module="neighbors", name="KNeighborsClassifier"),
    "svm": ESTIMATOR.format(module="svm", name="SVC"),
    "tree": ESTIMATOR.format(module="tree", name="DecisionTreeClassifier"),
    "forest": ESTIMATOR.format(module="ensemble", name="RandomForestClassifier"),
    "bayes": ESTIMATOR.format(module="naive_bayes", name="GaussianNB"),
}
"""Usual models of the enlarged digits that are no references."""


@dataclass
class Found:
    """What was found so far: how many results of each kind."""

    audits: Counter[str] = field(default_factory=Counter)
    alarms: Counter[str] = field(default_factory=Counter)
    evaluated: int = 0
    tested: int = 0

    def add_record(self, record: dict[str, object]) -> None:
        """Count the audits of one evaluation, and a failure of another kind by its name."""
        who, failure = f"{record['submission']['name']} · {record['task']['name']}", record["failure"]
        self.evaluated += 1
        if failure is not None and failure["kind"] != "audit_failed":
            self.audits[f"no audit: {who}: {failure['kind']} in {failure['phase']}"] += 1
        for audit in record["audits"]:
            self.audits[f"{audit['name']}: {'passed' if audit['passed'] else audit['severity']}"] += 1
            if not audit["passed"]:
                self.alarms[f"{audit['severity']}: {audit['name']}: {who}: {audit['detail']}"] += 1

    def add_learning(self, who: str, found: dict[str, object]) -> None:
        """Count the trials of one audit of learning."""
        self.tested += 1
        for trial in found["trials"]:
            self.audits[f"learning, {trial['name']}: {trial['outcome']}"] += 1
            if trial["outcome"] in ("warned", "failed"):
                self.alarms[f"{trial['outcome']}: learning, {trial['name']}: {who}: {trial['detail']}"] += 1

    def show(self, after: str) -> None:
        """Print everything so far."""
        print(f"\n== {after}: {self.evaluated} evaluations, {self.tested} audits of learning", flush=True)
        for name, count in sorted((self.audits + self.alarms).items()):
            print(f"{count:6} {name}", flush=True)


def add_references(course: TemporaryCourse, chosen: dict[str, str]) -> Iterator[tuple[str, str]]:
    """Copy these references with their tasks; yield path and task of each."""
    for task, names in chosen.items():
        for name in names.split():
            shutil.copytree(ROOT / "reference" / name / task, course.root / "reference" / name / task)
            yield f"reference/{name}", task


def add_submissions(course: TemporaryCourse, chosen: dict[str, str], *, quick: bool) -> Iterator[tuple[str, str]]:
    """Hand in all others, which are for quick tasks; yield path and task of each."""
    if quick and "blobs" in chosen:
        course.add_task()
        for case in cases("unusual"):
            case.hand_in(course.root / "submissions" / case.name / case.task)
            yield f"submissions/{case.name}", case.task
    for name, model in OTHERS.items() if quick and "usps" in chosen else ():
        course.submit(model, name=name, task="usps")
        yield f"submissions/{name}", "usps"
    for model in sorted(Path(HANDED_IN).glob("*/*/model.py") if HANDED_IN else []):
        name, task = model.parts[-3:-1]
        if task in chosen and (quick or task not in QUICK):
            shutil.copytree(model.parent, course.root / "submissions" / name / task)
            yield f"submissions/{name}", task


@pytest.mark.timeout(0)
@pytest.mark.parametrize("step", ["evaluate", "audit"])
@pytest.mark.parametrize(("chosen", "seeds"), [(QUICK, SEEDS), (SLOW, max(1, SEEDS // 5))], ids=["quick", "slow"])
def test_honest_models_over_many_seeds(benchmark, course, step, chosen, seeds):
    del course.environment["HARNESS_LATENCY_SECONDS"]  # the audits of time need inputs enough
    shutil.copytree(ROOT / "tasks", course.root / "tasks", dirs_exist_ok=True)
    shutil.copytree(ROOT / "reference" / "_shared", course.root / "reference" / "_shared", dirs_exist_ok=True)
    chosen = {task: names for task, names in chosen.items() if not TASKS or task in TASKS}
    handed_in = [*add_references(course, chosen), *add_submissions(course, chosen, quick=chosen.keys() <= QUICK.keys())]
    found = Found()

    def evaluate(seed: int, task: str) -> None:
        paths, out = [path for path, its in handed_in if its == task], course.root / f"{task}.json"
        out.unlink(missing_ok=True)
        done = course.process(
            "evaluate", *paths, "--task", task, "--data", "embedded",
            "--no-store", "--seed", str(seed), "--json", str(out), timeout=36_000,
        )  # fmt: skip
        assert out.exists(), done.stderr
        for record in json.loads(out.read_text()):
            found.add_record(record)

    def audit(seed: int, task: str) -> None:
        paths = [path for path, its in handed_in if its == task]
        kept = course.root / ".harness" / "learning" / task
        shutil.rmtree(kept, ignore_errors=True)
        course.process(
            "audit", "learning", *paths, "--task", task, "--data", "embedded", "--seed", str(seed), timeout=36_000
        )
        for file in sorted(kept.rglob("*.json")):
            found.add_learning(f"{file.relative_to(kept).with_suffix('')} · {task}", json.loads(file.read_text()))

    def run() -> None:
        for seed in range(seeds):
            for task in chosen:
                {"evaluate": evaluate, "audit": audit}[step](seed, task)
                print(f"seed {seed}, {task}: {len(found.alarms)} alarms", flush=True)
            found.show(f"{step}, seed {seed}")

    benchmark.pedantic(run, rounds=1)
    assert not [alarm for alarm in found.alarms if alarm.startswith("fail")]
