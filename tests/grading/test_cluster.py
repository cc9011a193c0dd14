"""Other machines: a real scheduler, real worker processes, one of them killed at work."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import msgspec
import psutil
import pytest

import harness
from harness import __version__
from harness.course import Course
from harness.errors import InfrastructureError, UsageError
from harness.evaluation import Settings, package_versions, read_contents
from harness.grading import _schedulers, scheduler
from harness.grading._parcels import DataParcel, FilesParcel
from harness.grading._remote import RemoteJob, find_machine_problem, run_remote_job
from harness.grading._runner_messages import RunnerReply, UnsuitableMachine
from harness.sandbox import Level, Requirement
from tests.conftest import CENTROIDS, TemporaryCourse

SLOW = CENTROIDS.replace("        self.centres", "        import time; time.sleep(4)\n        self.centres")
RAISES = CENTROIDS.replace("        return", "        raise RuntimeError('no')\n        return")

pytestmark = pytest.mark.skipif(find_spec("distributed") is None, reason="the extra `cluster` is not installed")


def until(condition: Callable[[], object], seconds: float = 150) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it never happened"
        time.sleep(0.05)


@contextmanager
def process(*arguments: str, cwd: Path, environment: dict[str, str] | None = None) -> Iterator[subprocess.Popen[str]]:
    started = subprocess.Popen(
        [sys.executable, *arguments],
        cwd=cwd,
        env=os.environ | (environment or {}),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        yield started
    finally:
        started.kill()
        started.communicate()


@contextmanager
def cluster(folder: Path, workers: int) -> Iterator[tuple[str, list[subprocess.Popen[str]]]]:
    """Start a scheduler and workers as an administrator would; yield its address and the workers' processes."""
    file = folder / "scheduler.json"
    say = ["-m", "distributed.cli.dask_scheduler"]
    with process(*say, "--port", "0", "--no-dashboard", "--scheduler-file", str(file), cwd=folder):
        until(file.exists)
        until(lambda: file.read_text().strip().endswith("}"))
        address = json.loads(file.read_text())["address"]
        run = ["-m", "distributed.cli.dask_worker", address, "--nthreads", "1", "--no-nanny", "--no-dashboard"]
        run += ["--local-directory", str(folder)]
        processes = [process(*run, cwd=folder) for _ in range(workers)]
        started = [one.__enter__() for one in processes]
        try:
            yield address, started
        finally:
            for one in processes:
                one.__exit__(None, None, None)


@pytest.fixture
def two_submissions(course: TemporaryCourse) -> TemporaryCourse:
    course.add_task(more="threads=1,")
    course.submit(SLOW, name="ann")
    course.submit(RAISES, name="bob")
    return course


@pytest.mark.thorough
def test_the_job_of_a_killed_worker_runs_elsewhere_and_is_recorded_once(
    two_submissions: TemporaryCourse, tmp_path: Path
) -> None:
    with cluster(tmp_path, workers=2) as (address, workers):
        arguments = ("-P", "-m", "harness", "grade", "--data", "embedded", "--scheduler", address)
        with process(*arguments, cwd=two_submissions.root, environment=two_submissions.environment) as grader:
            at_work: list[subprocess.Popen[str]] = []

            def somebody_fits() -> bool:
                at_work[:] = [one for one in workers if psutil.Process(one.pid).children(recursive=True)]
                return bool(at_work)

            until(somebody_fits)
            at_work[0].kill()
            said = grader.communicate(timeout=250)[0]
    assert grader.returncode == 0, said
    assert said.splitlines()[-1] == "graded: 2 of 2"
    assert [two_submissions.record(name)["status"] for name in ("ann", "bob")] == ["passed", "failed"]
    assert not list((two_submissions.root / "leaderboard").rglob("*.history.jsonl"))
    done = two_submissions.harness("grade", "--data", "embedded")
    assert done.stdout.splitlines()[0] == "0 to evaluate, 2 kept"


@pytest.mark.thorough
def test_workers_on_this_machine_give_the_same_records_as_local_jobs(course: TemporaryCourse) -> None:
    course.add_task(more="threads=1,")
    course.submit(name="ann")
    done = course.harness("grade", "--data", "embedded", "--scheduler", "local:1")
    assert done.returncode == 0, done.stdout + done.stderr
    there = course.record("ann")
    done = course.harness("grade", "--data", "embedded", "--force")
    assert done.returncode == 0, done.stdout + done.stderr
    here = course.record("ann")
    for part in ("task", "submission", "scores", "status", "audits"):
        assert there[part] == here[part]
    for record in (there, here):
        del record["run"]["machine"]["clock"]  # how busy the machine was
    for name in ("id", "machine", "packages", "git", "evidence_digest", "isolation"):
        assert there["run"][name] == here["run"][name]


def test_a_scheduler_that_does_not_answer_is_an_infrastructure_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_schedulers, "_CONNECT_SECONDS", 0.2)
    connect, _ = scheduler("tcp://127.0.0.1:9", None, 1, Path())
    with pytest.raises(InfrastructureError, match=r"no scheduler answers at tcp://127\.0\.0\.1:9"), connect():
        pass


@pytest.mark.parametrize("address", ["local:0", "local:many", "pbs", "127.0.0.1:8786"])
def test_an_invalid_address_is_a_usage_error(address: str) -> None:
    with pytest.raises(UsageError, match="expected tcp://HOST:PORT, local:N or slurm"):
        scheduler(address, None, 1, Path())


@pytest.mark.skipif(
    os.geteuid() != 0 or not all(map(shutil.which, ("slurmctld", "slurmd", "munged"))),
    reason="needs root and Slurm: apt-get install slurmctld slurmd slurm-client munge",
)
def test_workers_are_started_by_slurm(two_submissions: TemporaryCourse, tmp_path: Path) -> None:
    script, folder = Path(__file__).with_name("slurm.sh"), tmp_path / "slurm"
    try:
        started = subprocess.run([script, "start", folder], capture_output=True, text=True)
        assert started.returncode == 0, started.stderr
        two_submissions.environment["SLURM_CONF"] = str(folder / "slurm.conf")
        done = two_submissions.process("grade", "--data", "embedded", "--scheduler", "slurm", timeout=200)
    finally:
        subprocess.run([script, "stop", folder], check=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.splitlines()[-1] == "graded: 2 of 2"


def test_without_slurm_an_error_says_so_and_nothing_starts(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    connect, _ = scheduler("slurm", 1, 1, tmp_path)
    with pytest.raises(InfrastructureError, match="Slurm is not installed here"), connect():
        pass


# one remote_job


def remote_job(course: TemporaryCourse, name: str = "ann") -> tuple[RemoteJob, DataParcel]:
    from harness.course import Course

    found = Course(course.root)
    task = found.task("blobs")
    parts = task.sources[0].load()  # type: ignore[call-arg]
    splits = tuple((split.inputs, split.targets) for split in (parts.train, parts.validation, parts.test))
    folder = course.root / "submissions" / name / "blobs"
    return (
        RemoteJob(
            name=name,
            task="blobs",
            submission=FilesParcel.of_submission(folder, task.limits),
            shared=None,
            declaration=FilesParcel.of_task(found, "blobs"),
            assets=(),
            settings=Settings(weights="declared", latency_seconds=0.003),
            isolation=Requirement(),
            harness_version=__version__,
            packages=tuple(package_versions().items()),
        ),
        DataParcel(0, splits, False, "sha256:d"),
    )


def test_a_machine_with_other_software_is_reported(two_submissions: TemporaryCourse) -> None:
    good, data = remote_job(two_submissions)
    assert find_machine_problem(good) is None
    other = replace(good, packages=(*good.packages[:-1], (good.packages[-1][0], "0.0")))
    answer: RunnerReply = msgspec.msgpack.decode(run_remote_job(other, data), type=RunnerReply)
    assert isinstance(answer, UnsuitableMachine)
    assert "not 0.0: install the same there" in answer.problem


@pytest.mark.thorough
def test_a_machine_with_too_weak_isolation_refuses_jobs(two_submissions: TemporaryCourse) -> None:
    good, data = remote_job(two_submissions)
    strict = replace(good, isolation=Requirement(Level.NAMESPACES_CGROUP))
    answer: RunnerReply = msgspec.msgpack.decode(run_remote_job(strict, data), type=RunnerReply)
    if isinstance(answer, UnsuitableMachine):  # where there are cgroups it may well do it
        assert "expected 'namespaces+cgroup' at least" in answer.problem


def test_files_and_links_arrive_unchanged(two_submissions: TemporaryCourse, tmp_path: Path) -> None:
    folder = two_submissions.root / "submissions" / "ann" / "blobs"
    (folder / "data" / "deep").mkdir(parents=True)
    (folder / "data" / "deep" / "words.txt").write_bytes(b"\xff\0")
    (folder / "link").symlink_to("/etc/passwd")
    limits = harness.Limits()
    sent = FilesParcel.of_submission(folder, limits)
    sent.write(tmp_path / "arrived")
    assert read_contents(tmp_path / "arrived", limits).digest == sent.digest == read_contents(folder, limits).digest
    assert (tmp_path / "arrived" / "link").readlink() == Path("/nonexistent")


def test_shared_code_of_references_arrives_beside_them(two_submissions: TemporaryCourse, tmp_path: Path) -> None:
    shared = two_submissions.root / "reference" / "_shared"
    shared.mkdir(parents=True)
    (shared / "layers.py").write_text("x = 1\n")
    folder = two_submissions.submit("import _shared.layers\n" + CENTROIDS, name="staff", base="reference")
    limits = harness.Limits()
    FilesParcel.of_submission(folder, limits).write(tmp_path / "arrived")
    FilesParcel.of_submission(shared, limits).write(tmp_path / "_shared")
    there = read_contents(tmp_path / "arrived", limits, tmp_path / "_shared")
    assert there == read_contents(folder, limits, shared) != read_contents(folder, limits)


def test_shared_code_of_tasks_is_sent_with_the_task(two_submissions: TemporaryCourse, tmp_path: Path) -> None:
    tasks = two_submissions.root / "tasks"
    (tasks / "_shared").mkdir()
    (tasks / "_shared" / "__init__.py").write_text("y = 2\n")
    two_submissions.add_task("other")
    (two_submissions.root / "course.toml").write_text("plugins = []\n")
    FilesParcel.of_task(Course(two_submissions.root), "blobs").write(tmp_path / "there")
    found = sorted(path.relative_to(tmp_path / "there").as_posix() for path in tmp_path.glob("there/**/*.*"))
    assert found == ["course.toml", "tasks/_shared/__init__.py", "tasks/blobs/task.py"]
