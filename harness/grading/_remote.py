"""Evaluate one submission on another machine, however it was sent there."""

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
from harness.evaluation import Evaluator, Settings, SilentObserver, package_versions
from harness.grading._parcels import DataParcel, FilesParcel
from harness.grading._runner_messages import Finished, JobFailed, RunnerReply, UnsuitableMachine
from harness.sandbox import Requirement, Sandbox, find_sandbox
from harness.scratch import scratch


@dataclass(frozen=True, kw_only=True)
class RemoteJob:
    """Everything that another machine needs to evaluate one submission, except the data."""

    name: str
    task: str
    submission: FilesParcel
    shared: FilesParcel | None
    """The folder with the code that all references share."""
    declaration: FilesParcel
    assets: tuple[str, ...]
    """Digests of the pretrained weights on the host."""
    settings: Settings
    isolation: Requirement
    harness_version: str
    packages: tuple[tuple[str, str], ...]


def run_remote_job(remote_job: RemoteJob, data: DataParcel) -> bytes:
    """Evaluate the submission, and return the packed reply, which may be a failure."""
    reply = find_machine_problem(remote_job) or _evaluate(remote_job, data)
    return msgspec.msgpack.encode(reply)


def find_machine_problem(remote_job: RemoteJob) -> UnsuitableMachine | None:
    """Return why this machine's results would not be comparable with the host's, or None."""
    here = platform.node()
    if remote_job.harness_version != __version__ or dict(remote_job.packages) != package_versions():
        ours = {"harness": __version__} | package_versions()
        theirs = {"harness": remote_job.harness_version} | dict(remote_job.packages)
        other = ", ".join(f"{name} {ours.get(name)}, not {wanted}" for name, wanted in theirs.items()
                          if ours.get(name) != wanted) or "packages the host lacks"  # fmt: skip
        return UnsuitableMachine(f"{here} has {other}: install the same there")
    try:
        level = _sandbox(remote_job.isolation).isolation.level
    except InfrastructureError as error:
        return UnsuitableMachine(f"{here}: {error}")
    if not remote_job.isolation.accepts(level):
        return UnsuitableMachine(
            f"{here} offers isolation {level.value!r}, expected at least {remote_job.isolation.level.value!r}"
        )
    return None


def _evaluate(remote_job: RemoteJob, data: DataParcel) -> RunnerReply:
    try:
        with scratch("remote") as root:
            root.chmod(0o711)  # a worker's own uid needs to traverse it
            course = Course(root)
            remote_job.declaration.write(course.root)
            if problem := _assets_problem(remote_job, course):
                return UnsuitableMachine(problem)
            folder = course.folder_of(remote_job.name, remote_job.task)
            remote_job.submission.write(folder)
            shared = None if remote_job.shared is None else root / SHARED
            if remote_job.shared is not None and shared is not None:
                remote_job.shared.write(shared)
            with Evaluator(course, _sandbox(remote_job.isolation), _places(), remote_job.settings) as evaluator:
                evaluator.supply(remote_job.task, data.unpack(course.task(remote_job.task)))
                outcome = evaluator.run(Submission(remote_job.name, remote_job.task, folder, shared), SilentObserver())
    except TaskError as error:
        return JobFailed(f"on {platform.node()}: {error}", "task")
    except HarnessError as error:
        return JobFailed(f"on {platform.node()}: {error}")
    except OSError as error:
        return JobFailed(f"on {platform.node()}: the file system failed: {error}")
    return Finished(outcome.record, outcome.evidence.pack())


def _assets_problem(remote_job: RemoteJob, course: Course) -> str | None:
    """Return a message if the pretrained weights differ from the host's, because results may depend on them."""
    here = tuple(asset.file.digest for asset in assets_here(course.task(remote_job.task), _places()))
    if here == remote_job.assets:
        return None
    return (
        f"{platform.node()} does not have the same pretrained weights: run `harness data fetch {remote_job.task}` there"
    )


@cache
def _sandbox(isolation: Requirement) -> Sandbox:
    """Return the sandbox for the required isolation; each process looks for it once."""
    return find_sandbox(_places().all(), isolation.level if isolation.exactly else None)


def _places() -> Places:
    return Places.of(os.environ)
