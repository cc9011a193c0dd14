"""Calibrate this machine: time the yardstick against itself to learn how different two models must be to rank apart."""

from __future__ import annotations

import time
from contextlib import closing
from pathlib import Path

import numpy as np

from harness.contract import Predictions
from harness.errors import InfrastructureError
from harness.evaluation._measure import Measured, TimedModel, TimedWorkers
from harness.evaluation._yardstick import YARDSTICK_WIDTH, Yardstick, yardstick_session
from harness.record import Latency
from harness.sandbox import Folder, Sandbox
from harness.scratch import scratch
from harness.timing import LEAST_PROCESSES, Budget, Calibration, ClockHistory, MachineLock, calibration_of

_INPUTS, _BATCH = 2000, 256
_BUSY_SECONDS = 10.0
"""How many seconds longer to try on a machine that is too busy to resolve most figures."""


def calibrate(sandbox: Sandbox, lock: MachineLock, seconds: float) -> Calibration:
    """Time the yardstick as if it were a model, in one process after another.

    Each measurement is added to the history that intervals of this user on this machine rest on.

    Raises:
        InfrastructureError: no worker starts, or the machine is too busy for any figure.
    """
    latencies: list[Latency] = []
    history = ClockHistory(lock.own_folder)
    with scratch("calibrate") as work:
        work.chmod(0o711)
        artifact = work / "artifact"
        artifact.mkdir()
        artifact.chmod(0o755)
        with yardstick_session(sandbox) as session:
            session.setup(0)
            session.save(artifact)
        end = time.monotonic() + seconds
        found = None
        while time.monotonic() < (end if found else end + _BUSY_SECONDS):
            measured = _against_itself(sandbox, lock, artifact)
            latencies.append(measured.latency)
            history.add(measured.channel_to_yardstick)
            found = calibration_of(latencies, history.read())
    if found is None:
        raise InfrastructureError(
            f"the yardstick was timed {len(latencies)} times and had a ratio to itself in fewer than "
            f"{LEAST_PROCESSES}: the machine is too busy; end other work and try again"
        )
    return found


def _against_itself(sandbox: Sandbox, lock: MachineLock, artifact: Path) -> Measured:
    generator = np.random.Generator(np.random.PCG64(1))
    yardstick = Yardstick(sandbox)  # a new one each time, because differences between processes are measured
    subject = TimedModel(
        yardstick=yardstick,
        open_session=lambda: yardstick_session(sandbox, Folder("artifact", artifact)),
        seed=0,
        inputs=generator.random((_INPUTS, YARDSTICK_WIDTH), np.float32),
        example=Predictions(np.zeros(1, np.int64), np.zeros((1, 10), np.float32)),
        perturb=None,
        batch=_BATCH,
        budget=Budget(),
    )
    with closing(yardstick), TimedWorkers(subject) as workers:
        with lock.exclusive() as alone:
            workers.measure(alone=alone)
        return workers.measured()
