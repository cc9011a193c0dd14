"""What the benchmarks measure: the course's network with the weights it starts with, in a real sandbox."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from harness.contract import Limits, Predictions, TaskInfo
from harness.evaluation._measure import Measured, TimedModel, TimedWorkers
from harness.evaluation._session import Session
from harness.evaluation._yardstick import Yardstick
from harness.kinds import Classification
from harness.sandbox import Folder, Sandbox, find_sandbox
from harness.timing import Budget, ClockHistory, process_deviation

NETWORK = """
import torch
from torch import nn

import harness


class Model(harness.Model):
    def __init__(self):
        self.net = nn.Sequential(
            nn.Flatten(), nn.Linear(256, 128), nn.ReLU(), nn.Linear(128, 64), nn.ReLU(), nn.Linear(64, 10)
        ).eval()

    def fit(self, train, validation):
        pass

    def predict(self, inputs):
        return self.net(torch.from_numpy(inputs))
"""
INFO = TaskInfo(
    name="usps",
    kind="classification",
    input_shape=(16, 16),
    input_dtype="float32",
    classes=tuple("0123456789"),
    n_train=0,
    n_validation=0,
    limits=Limits(),
)


def pytest_collection_modifyitems(config, items):
    """Benchmarks run when they are asked for: ``pytest tests/benchmarks --benchmark-only -s``."""
    if not config.getoption("benchmark_only"):
        for item in items:
            if Path(__file__).parent in item.path.parents:
                item.add_marker(pytest.mark.skip(reason="a benchmark: pytest tests/benchmarks --benchmark-only -s"))


@dataclass(frozen=True)
class Bench:
    """A saved network and how to have it timed."""

    sandbox: Sandbox
    submission: Path
    artifact: Path
    inputs: np.ndarray
    history: ClockHistory
    """What earlier measurements of this run showed of the machine."""

    def session(self, threads: int = 1) -> Session:
        folders = (Folder("submission", self.submission), Folder("artifact", self.artifact))
        return Session(sandbox=self.sandbox, kind=Classification(), task=INFO, folders=folders, threads=threads)

    def measure(self) -> Measured:
        yardstick = Yardstick(self.sandbox)  # two models are also compared across two runs
        subject = TimedModel(
            yardstick=yardstick,
            open_session=self.session,
            seed=0,
            inputs=self.inputs,
            example=Predictions(np.zeros(1, np.int64), np.zeros((1, 10), np.float32)),
            perturb=lambda image, generator: image + generator.normal(0, 0.01, image.shape).astype(np.float32),
            batch=256,
            budget=Budget(),
            process_deviation=process_deviation(self.history.read()),
        )
        with closing(yardstick), TimedWorkers(subject) as workers:
            workers.measure(alone=True)
            measured = workers.measured()
        self.history.add(measured.channel_to_yardstick)
        return measured


@pytest.fixture(scope="session")
def bench(tmp_path_factory) -> Bench:
    """The network 256-128-64-10, saved by a worker."""
    folder = tmp_path_factory.mktemp("bench")
    submission, artifact = folder / "submission", folder / "artifact"
    submission.mkdir()
    (submission / "model.py").write_text(NETWORK)
    artifact.mkdir()
    inputs = np.random.Generator(np.random.PCG64(0)).random((2000, 16, 16), np.float32)
    made = Bench(find_sandbox(()), submission, artifact, inputs, ClockHistory(folder))
    folders = (Folder("submission", submission),)
    with Session(sandbox=made.sandbox, kind=Classification(), task=INFO, folders=folders, threads=2) as session:
        session.setup(0)
        session.save(artifact)
    return made
