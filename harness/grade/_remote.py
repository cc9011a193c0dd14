"""One evaluation on another machine; knows nothing of how it got there."""

from __future__ import annotations

import os
import platform
import tempfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import msgspec

from harness._version import __version__
from harness.contract import HarnessError, InfrastructureError
from harness.course import Course, Submission
from harness.data import Places
from harness.evaluate import Evaluator, Settings, Silent, package_versions
from harness.grade._messages import Broken, Finished, Reply, Unfit
from harness.grade._parcels import Files, TravellingData
from harness.sandbox import Level, Sandbox, find_sandbox


@dataclass(frozen=True, kw_only=True)
class Errand:
    """Everything a machine needs to evaluate one submission, but for the data."""

    name: str
    task: str
    submission: Files
    declaration: Files
    seed: int
    least: Level
    harness_version: str
    packages: tuple[tuple[str, str], ...]


def run_errand(errand: Errand, data: TravellingData) -> bytes:
    """Evaluate, and return a packed reply; whatever goes wrong is part of it."""
    reply = unfitness(errand) or _evaluate(errand, data)
    return msgspec.msgpack.encode(reply)


def unfitness(errand: Errand) -> Unfit | None:
    """Say why this machine's results could not stand beside the others', if so."""
    here = platform.node()
    if errand.harness_version != __version__ or dict(errand.packages) != package_versions():
        ours = {"harness": __version__} | package_versions()
        theirs = {"harness": errand.harness_version} | dict(errand.packages)
        other = ", ".join(f"{name} {ours.get(name)}, not {wanted}" for name, wanted in theirs.items()
                          if ours.get(name) != wanted) or "packages the host lacks"  # fmt: skip
        return Unfit(f"{here} has {other}: install the same there")
    try:
        level = _sandbox().isolation.level
    except InfrastructureError as error:
        return Unfit(f"{here}: {error}")
    if level < errand.least:
        return Unfit(f"{here} offers isolation {level.value!r}, expected {errand.least.value!r} at least")
    return None


def _evaluate(errand: Errand, data: TravellingData) -> Reply:
    try:
        with tempfile.TemporaryDirectory(prefix="harness-errand-") as name:
            root = Path(name)
            root.chmod(0o711)  # a worker's own uid passes through
            course = Course(root)
            errand.declaration.write(root / "tasks" / errand.task)
            folder = root / "submissions" / errand.name / errand.task
            errand.submission.write(folder)
            settings = Settings(seed=errand.seed, weights="declared")
            evaluator = Evaluator(course, _sandbox(), _places(), settings)
            evaluator.supply(errand.task, data.unpack(course.task(errand.task)))
            outcome = evaluator.run(Submission(errand.name, errand.task, folder), Silent())
    except HarnessError as error:
        return Broken(f"on {platform.node()}: {error}")
    except OSError as error:
        return Broken(f"on {platform.node()}: the file system failed: {error}")
    return Finished(outcome.record, outcome.evidence.pack())


@cache
def _sandbox() -> Sandbox:
    """Find out once per process how well this machine isolates."""
    return find_sandbox(_places().all())


def _places() -> Places:
    return Places.of(os.environ)
