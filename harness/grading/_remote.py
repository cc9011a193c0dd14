"""Evaluate one submission on another machine, independently of how it was sent there."""

from __future__ import annotations

import os
import platform
from dataclasses import dataclass
from functools import cache

import msgspec

from harness._version import __version__
from harness.course import SHARED, Course, Submission
from harness.data import Places, assets_here
from harness.errors import HarnessError, InfrastructureError, TaskError
from harness.evaluation import Evaluator, Settings, Silent, package_versions
from harness.grading._parcels import Files, TravellingData
from harness.grading._runner_messages import Broken, Finished, RunnerReply, Unfit
from harness.sandbox import Requirement, Sandbox, find_sandbox
from harness.scratch import scratch


@dataclass(frozen=True, kw_only=True)
class Errand:
    """Everything that a machine needs to evaluate one submission, except the data."""

    name: str
    task: str
    submission: Files
    shared: Files | None
    """The folder that references have in common."""
    declaration: Files
    assets: tuple[str, ...]
    """Digests of the pretrained weights that the host has."""
    settings: Settings
    isolation: Requirement
    harness_version: str
    packages: tuple[tuple[str, str], ...]


def run_errand(errand: Errand, data: TravellingData) -> bytes:
    """Evaluate, and return a packed reply, which includes any failure."""
    reply = unfitness(errand) or _evaluate(errand, data)
    return msgspec.msgpack.encode(reply)


def unfitness(errand: Errand) -> Unfit | None:
    """Return why the results of this machine would not be comparable with those of the host, or None."""
    here = platform.node()
    if errand.harness_version != __version__ or dict(errand.packages) != package_versions():
        ours = {"harness": __version__} | package_versions()
        theirs = {"harness": errand.harness_version} | dict(errand.packages)
        other = ", ".join(f"{name} {ours.get(name)}, not {wanted}" for name, wanted in theirs.items()
                          if ours.get(name) != wanted) or "packages the host lacks"  # fmt: skip
        return Unfit(f"{here} has {other}: install the same there")
    try:
        level = _sandbox(errand.isolation).isolation.level
    except InfrastructureError as error:
        return Unfit(f"{here}: {error}")
    if not errand.isolation.accepts(level):
        return Unfit(f"{here} offers isolation {level.value!r}, expected at least {errand.isolation.level.value!r}")
    return None


def _evaluate(errand: Errand, data: TravellingData) -> RunnerReply:
    try:
        with scratch("errand") as root:
            root.chmod(0o711)  # a worker's own uid must pass through
            course = Course(root)
            errand.declaration.write(course.tasks_folder)
            if problem := _assets_problem(errand, course):
                return Unfit(problem)
            folder = course.folder_of(errand.name, errand.task)
            errand.submission.write(folder)
            shared = None if errand.shared is None else root / SHARED
            if errand.shared is not None and shared is not None:
                errand.shared.write(shared)
            evaluator = Evaluator(course, _sandbox(errand.isolation), _places(), errand.settings)
            evaluator.supply(errand.task, data.unpack(course.task(errand.task)))
            outcome = evaluator.run(Submission(errand.name, errand.task, folder, shared), Silent())
    except TaskError as error:
        return Broken(f"on {platform.node()}: {error}", "task")
    except HarnessError as error:
        return Broken(f"on {platform.node()}: {error}")
    except OSError as error:
        return Broken(f"on {platform.node()}: the file system failed: {error}")
    return Finished(outcome.record, outcome.evidence.pack())


def _assets_problem(errand: Errand, course: Course) -> str | None:
    """Return a message if the pretrained weights here differ from the host's, because results may depend on them."""
    here = tuple(asset.file.digest for asset in assets_here(course.task(errand.task), _places()))
    if here == errand.assets:
        return None
    return f"{platform.node()} does not have the same pretrained weights: run `harness data fetch {errand.task}` there"


@cache
def _sandbox(isolation: Requirement) -> Sandbox:
    """Find the best sandbox of this machine, once per process."""
    return find_sandbox(_places().all(), isolation.level if isolation.exactly else None)


def _places() -> Places:
    return Places.of(os.environ)
