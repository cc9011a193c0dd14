"""A temporary course, and the harness run on it as its users run it."""

from __future__ import annotations

import compileall
import gc
import io
import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing, redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from pathlib import Path
from textwrap import dedent
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, settings

from harness import cli
from harness.release import CI_VARIABLES
from harness.sandbox import ForkServerOwner
from tests.rings import RINGS, WITHOUT_PROCESSES, depends_on_who_runs_it, kept_to, ring_of

if TYPE_CHECKING:
    from tests.classroom.evaluated import Classroom

# how long an example takes is the machine's doing, and which are tried must not decide whether a change passes:
# CI tries more (`--hypothesis-profile=many`), `--hypothesis-profile=search` looks for new ones
settings.register_profile("search", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("many", settings.get_profile("search"), derandomize=True, database=None)
settings.register_profile("suite", settings.get_profile("many"), max_examples=10)
settings.load_profile("suite")

# Pytest rewrites the assertions of two hundred files, which takes each process seconds unless it may keep them
sys.dont_write_bytecode = False

FORK_SERVERS = ForkServerOwner()
"""Shared by all evaluations in this process; the first that needs one starts it, the end of the session kills them."""
REPOSITORY = Path(__file__).parents[1]
BRIEFLY = "0.003"
"""Seconds to measure latency in all tests but those of measuring."""
GROUPS = pytest.StashKey[Path]()
"""The file in which the processes of one run tell which tests belong together."""
PATIENCE = 250
"""Seconds after which a test gives up on a process: no machine is so busy, and it is below the guard of a test."""

# a shell that starts pytest in the background has it ignore Ctrl-C, and what pytest starts would ignore it, too
signal.signal(signal.SIGINT, signal.default_int_handler)

BLOBS = '''
"""Three clouds of points in the plane: a task small enough to be evaluated in a second."""

import numpy as np

import harness

CENTRES = np.array([[0.2, 0.2], [0.8, 0.2], [0.5, 0.8]], np.float32)


def clouds():
    generator = np.random.Generator(np.random.PCG64(7))
    targets = np.repeat(np.arange(3), 100)
    inputs = np.clip(CENTRES[targets] + generator.normal(0, 0.12, (300, 2)), 0, 1).astype(np.float32)
    rest, test = harness.Split(inputs, targets).hold_out(0.4, 0)
    train, validation = rest.hold_out(0.25, 0)
    return harness.Parts(train, validation, test)


def jitter(point, generator):
    return np.clip(point + generator.normal(0, 0.005, 2), 0, 1)


TASK = harness.Task(
    title="Three clouds",
    kind="classification",
    inputs=harness.Inputs(shape=(2,), dtype="float32", low=0, high=1),
    classes=("left", "right", "top"),
    sources=(
        harness.Embedded(
            title="generated clouds",
            load=clouds,
            counts=harness.Counts(135, 45, 120),
            baseline=harness.Baseline(0.8),
            licence="none needed",
        ),
    ),
    split="generated with seed 7; 40 % tests, a quarter of the rest validates, stratified with seed 0",
    metrics=(harness.metrics.accuracy, harness.metrics.macro_f1),
    limits=harness.Limits({limits}),
    perturb=jitter,
    {more}
)
'''

CENTROIDS = """
import numpy as np

import harness


class Model(harness.Model):
    def fit(self, train, validation):
        self.centres = np.stack([train.inputs[train.targets == c].mean(axis=0) for c in range(3)])

    def predict(self, inputs):
        return ((inputs[:, None] - self.centres) ** 2).sum(axis=2).argmin(axis=1)
"""


@dataclass
class TemporaryCourse:
    """A course in a temporary folder; tests fill it and run `harness` in it."""

    root: Path
    environment: dict[str, str] = field(default_factory=dict)

    @classmethod
    def below(cls, base: Path) -> TemporaryCourse:
        """Make an empty course in a folder of its own below `base`."""
        root = base / "course"
        root.mkdir()
        return cls.at(root, base / "cache")

    @classmethod
    def at(cls, root: Path, cache: Path) -> TemporaryCourse:
        """Return the course in `root`, run with a private `cache`, no network and no data root.

        Latency is soon measured, and no audit of learning follows a `grade`.
        """
        return cls(
            root,
            {
                "HARNESS_OFFLINE": "1",
                "HARNESS_DATA": "",
                "HARNESS_PRIVATE": "",
                "HARNESS_LATENCY_SECONDS": BRIEFLY,
                "HARNESS_AUDIT_LEARNING": "no",
                "XDG_CACHE_HOME": str(cache),
            },
        )

    def add_task(self, name: str = "blobs", *, limits: str = "", more: str = "", text: str | None = None) -> Path:
        """Write ``tasks/<name>/task.py``: `text`, or the blobs with extra `limits` and declarations."""
        path = self.root / "tasks" / name / "task.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        if "measure_seconds" not in limits:
            patience = f"measure_seconds={PATIENCE}"  # of wall time, which a busy machine takes from a model
            limits = f"{patience}, {limits}" if limits else patience
        path.write_text(dedent(text) if text is not None else BLOBS.replace("{limits}", limits).replace("{more}", more))
        return path

    def submit(
        self, model: str | None = CENTROIDS, *, name: str = "bob", task: str = "blobs", base: str = "submissions"
    ) -> Path:
        """Write a submission's ``model.py`` (none if `model` is None) and return its folder."""
        folder = self.root / base / name / task
        folder.mkdir(parents=True, exist_ok=True)
        if model is not None:
            (folder / "model.py").write_text(dedent(model))
        return folder

    def harness(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a command in the course's root, in this process: a hundred interpreters need not start."""
        out, err = (io.TextIOWrapper(io.BytesIO(), "utf-8", write_through=True) for _ in range(2))
        with pytest.MonkeyPatch.context() as patch, redirect_stdout(out), redirect_stderr(err):
            patch.chdir(self.root)
            for name, value in self.environment.items():
                patch.setenv(name, value)
            code = cli.run(list(arguments), FORK_SERVERS)
        told = [stream.buffer.getvalue().decode() for stream in (out, err)]  # type: ignore[attr-defined]
        return subprocess.CompletedProcess(["harness", *arguments], code, *told)

    def process(self, *arguments: str, timeout: float = PATIENCE) -> subprocess.CompletedProcess[str]:
        """Run a command in the course's root as a user would, in a process of its own."""
        return subprocess.run(
            [sys.executable, "-P", "-m", "harness", *arguments],
            cwd=self.root,
            env=os.environ | self.environment,
            capture_output=True,
            text=True,
            timeout=timeout,
        )

    def record(self, name: str = "bob", task: str = "blobs") -> dict[str, Any]:
        """Return the newest record as plain data."""
        return json.loads((self.root / "leaderboard" / "records" / task / f"{name}.json").read_text())

    def evaluate(self, model: str | None = CENTROIDS, *options: str) -> dict[str, Any]:
        """Submit `model` as bob's blobs, evaluate it, return its record."""
        self.submit(model)
        done = self.harness("evaluate", "submissions/bob", *options)
        assert done.returncode in (0, 1), done.stdout + done.stderr
        assert "Traceback (most recent call last)" not in done.stderr
        return self.record()


@pytest.hookimpl(tryfirst=True)
def pytest_cmdline_main(config: pytest.Config) -> None:
    """Run the whole suite in one process more than there are cores: often a test waits for what it started.

    Tests that start no process wait for nothing.
    """
    whole = config.args_source is pytest.Config.ArgsSource.TESTPATHS
    alone = config.option.usepdb or config.option.capture == "no" or hasattr(config, "workerinput")
    if whole and not alone and config.pluginmanager.hasplugin("xdist") and config.option.numprocesses is None:
        waits = config.option.markexpr not in WITHOUT_PROCESSES
        config.option.numprocesses = min((os.cpu_count() or 1) + waits, 8)


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leave benchmarks unread unless somebody names them: they import torch."""
    unnamed = config.args_source is pytest.Config.ArgsSource.TESTPATHS and not config.getoption("benchmark_only")
    return True if unnamed and collection_path == REPOSITORY / "tests" / "benchmarks" else None


def pytest_configure(config: pytest.Config) -> None:
    """Forget which CI runs the tests, and compile the harness once for all processes."""
    # the harness behaves otherwise within CI, and a test that is about that says so
    of_ci = ("GITHUB_", "GITLAB_", "CI_")
    for name in [name for name in os.environ if name in CI_VARIABLES or name.startswith(of_ci)]:
        del os.environ[name]
    os.environ.setdefault("OPENBLAS_THREAD_TIMEOUT", "4")  # NumPy's threads busy-wait for 2**26 clock cycles otherwise
    if not hasattr(config, "workerinput"):
        # where Python keeps no bytecode (PYTHONDONTWRITEBYTECODE), each of some hundred interpreters would compile
        compileall.compile_dir(Path(cli.__file__).parents[1], quiet=2)


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Tell a process that runs tests where to write down which of them belong together."""
    node.workerinput["groups"] = str(_groups_file(node.config))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Keep together what shares something, unless ``--dist`` says otherwise."""
    if config.getoption("dist") != "load":
        return None
    from tests.distribution import ByGroup

    return ByGroup(config, log, _groups_file(config))


def _groups_file(config: pytest.Config) -> Path:
    if GROUPS not in config.stash:
        folder = tempfile.TemporaryDirectory(prefix="groups-")
        config.add_cleanup(folder.cleanup)
        config.stash[GROUPS] = Path(folder.name, "groups.json")
    return config.stash[GROUPS]


@pytest.hookimpl(wrapper=True)
def pytest_collection(session: pytest.Session) -> Iterator[object]:
    """Collect without looking for garbage again and again, because tests stay to the end; afterwards look seldom."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.enable()
        gc.freeze()
        gc.set_threshold(20_000, 20, 20)


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Look for garbage once at the end of a process that runs tests; pytest looks five times and Python once more."""
    if hasattr(session.config, "workerinput"):
        gc.collect()
        gc.freeze()


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark each test with its ring, before ``-m`` chooses; what takes longest begins first."""
    for item in items:
        item.add_marker(ring_of(item))
        if depends_on_who_runs_it(item):
            item.add_marker("user")
        if "classroom" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.timeout(1800))  # the first one waits for the class to be evaluated
    if hasattr(config, "workerinput"):
        from tests.distribution import takes_long

        items.sort(key=lambda item: (RINGS.index(ring_of(item)), takes_long(item)), reverse=True)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_finish(session: pytest.Session) -> None:
    """Where several processes run tests, write down which belong together."""
    workerinput = getattr(session.config, "workerinput", {})
    if "groups" in workerinput:
        from tests.distribution import write_groups

        write_groups(session.items, Path(workerinput["groups"]))


def pytest_runtest_protocol(item: pytest.Item, nextitem: pytest.Item | None) -> bool | None:
    """Where several processes run tests, report only the results of tests."""
    if not hasattr(item.config, "workerinput"):
        return None
    from tests.distribution import run_and_report

    run_and_report(item, nextitem)
    return True


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup(item: pytest.Item) -> Iterator[None]:
    """Hold what a test prepares to its ring."""
    with kept_to(ring_of(item), network=item.get_closest_marker("network") is not None):
        return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    """Hold a test to its ring."""
    with kept_to(ring_of(item), network=item.get_closest_marker("network") is not None):
        return (yield)


@pytest.fixture(scope="session", autouse=True)
def own_locks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Share the machine's lock among the tests of this run only, not with whatever else runs here."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HARNESS_LOCKS", str(tmp_path_factory.mktemp("locks")))
        yield


@pytest.fixture(scope="session", autouse=True)
def shared_fork_servers() -> Iterator[None]:
    """End what workers were forked from."""
    with closing(FORK_SERVERS):
        yield


@pytest.fixture
def short_folder() -> Iterator[Path]:
    """A folder whose name leaves room for the sockets of a worker: below `tmp_path` that worker would get another."""
    with tempfile.TemporaryDirectory(prefix="h", dir="/tmp", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


@pytest.fixture
def course(tmp_path: Path) -> TemporaryCourse:
    """A course with the task ``blobs`` and no submission; private cache, no network, no data root."""
    temporary = TemporaryCourse.below(tmp_path)
    temporary.add_task()
    return temporary


@pytest.fixture(scope="session")
def classroom(tmp_path_factory: pytest.TempPathFactory) -> Classroom:
    """Evaluate a class once, for all who look at what came of it."""
    from tests.classroom.evaluated import evaluate_class

    return evaluate_class(tmp_path_factory.mktemp("classroom"))
