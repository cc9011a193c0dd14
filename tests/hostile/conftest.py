"""One siege: the harness run over everything in this folder; the tests then look at what came of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass

import pytest

from harness.sandbox import Level, find_sandbox
from tests.hostile._cases import Case
from tests.hostile._judge import problems_of
from tests.hostile._world import Host, Run, World, build_world

collect_ignore = ["attacks", "careless", "pairs", "unusual"]  # for the harness to run
SECONDS = 900
"""A guard; nothing comes near it."""


@dataclass(frozen=True)
class Siege:
    """What a world was before and after all cases were evaluated in it."""

    world: World
    submitted: tuple[Case, ...]
    runs: tuple[Run, ...]
    problems: dict[str, list[str]]
    before: dict[str, str]
    after: dict[str, str]
    left_behind: list[str]
    programs_before: dict[str, str]
    programs_after: dict[str, str]

    @property
    def output(self) -> str:
        """What the harness printed."""
        return "".join(run.output for run in self.runs)

    def level_of(self, case: Case) -> str:
        """Return the isolation level that `case` met."""
        record = self.world.record(case)
        return "" if record is None else str(record["run"]["isolation"]["level"])


@pytest.fixture(scope="session")
def siege(request: pytest.FixtureRequest) -> Iterator[Siege]:
    """Evaluate the cases that the chosen tests ask for, at the best level, as whoever runs the tests."""
    with lay_siege(_asked_for(request)) as siege:
        yield siege


@pytest.fixture(scope="session")
def cold_siege(request: pytest.FixtureRequest) -> Iterator[Siege]:
    """Evaluate some in workers that are started, where those of the siege are forked."""
    with lay_siege(_asked_for(request), "--cold") as siege:
        yield siege


@pytest.fixture(scope="session")
def notebook_siege(request: pytest.FixtureRequest) -> Iterator[Siege]:
    """Evaluate some that are handed in as notebooks."""
    with lay_siege(_asked_for(request)) as siege:
        yield siege


def _asked_for(request: pytest.FixtureRequest) -> list[Case]:
    """Return the cases of the tests that will run and use the fixture of `request`."""
    tests = [item for item in request.session.items if request.fixturename in getattr(item, "fixturenames", ())]
    calls = [call for item in tests if (call := getattr(item, "callspec", None)) is not None]
    found = {call.params["case"].name: call.params["case"] for call in calls if "case" in call.params}
    return [found[name] for name in sorted(found)]


@pytest.fixture(scope="session", params=["warm", "cold"])
def came_through(request: pytest.FixtureRequest) -> tuple[str, dict[str, str]]:
    """What two workers at once told each other at the best level, and which that is."""
    level = find_sandbox(()).isolation.level
    if level < Level.LANDLOCK:
        pytest.skip("nothing on this machine holds an attack")
    with build_world(Host("tests")) as world:
        return level.value, world.pairs(SECONDS, level, request.param)


@contextmanager
def lay_siege(submitted: Sequence[Case], *options: str) -> Iterator[Siege]:
    """Evaluate `submitted` in two runs at once."""
    if find_sandbox(()).isolation.level < Level.LANDLOCK:
        pytest.skip("nothing on this machine holds an attack, and some are sent to every process of this user")
    with build_world(Host("tests")) as world:
        for case in submitted:
            world.hand_in(case)
        before, programs = world.tree(), world.programs()
        with ThreadPoolExecutor(2) as pool:
            halves = (submitted[::2], submitted[1::2])
            runs = tuple(pool.map(lambda part: world.evaluate(part, SECONDS, *options), halves))
        survivors = [line for run in runs for line in run.survivors]
        yield Siege(
            world=world,
            submitted=tuple(submitted),
            runs=runs,
            problems={case.name: problems_of(case, world, survivors) for case in submitted},
            before=before,
            after=world.tree(),
            left_behind=world.left_behind(),
            programs_before=programs,
            programs_after=world.programs(),
        )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Run the full matrix when it is asked for: ``pytest tests/hostile -m matrix``."""
    if "matrix" in str(config.getoption("markexpr")):
        return
    for item in items:
        if item.get_closest_marker("matrix"):
            item.add_marker(pytest.mark.skip(reason="the full matrix runs when asked for: -m matrix"))
