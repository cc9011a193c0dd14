"""Each test is in the ring of what it starts, and one that does more than its ring allows fails."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.conftest import PATIENCE, REPOSITORY, pytest_cmdline_main
from tests.distribution import group_of
from tests.rings import Strayed, _leaves, depends_on_who_runs_it, kept_to, ring_of


def test_a_test_without_fixtures_is_in_the_innermost_ring(request: pytest.FixtureRequest) -> None:
    assert ring_of(request.node) == "unit"


def test_the_ring_follows_from_what_is_asked_for(request: pytest.FixtureRequest, course: object) -> None:
    assert ring_of(request.node) == "line"


@pytest.mark.unit
def test_a_test_may_name_its_ring(request: pytest.FixtureRequest, course: object) -> None:
    assert ring_of(request.node) == "unit"


def test_tests_that_load_data_sets_are_not_in_the_innermost_ring(request: pytest.FixtureRequest) -> None:
    node = request.node
    path = node.config.rootpath / "tests" / "tasks" / "test_usps.py"
    item = SimpleNamespace(path=path, config=node.config, iter_markers=list)
    assert ring_of(item) == "data"  # type: ignore[arg-type]


@pytest.mark.parametrize("other", ["worker", "slow"])
def test_a_test_in_two_rings_is_a_mistake(request: pytest.FixtureRequest, other: str) -> None:
    request.node.add_marker(other)
    with pytest.raises(pytest.UsageError, match=f"{', '.join(sorted(['unit', other]))}; name one"):
        ring_of(request.node)


@pytest.mark.worker
@pytest.mark.parametrize("start", [lambda: subprocess.run([sys.executable, "-V"]), lambda: os.fork() or os._exit(0)])
def test_a_unit_test_that_starts_a_process_fails_even_if_it_hides_that(start: object) -> None:
    with pytest.raises(Strayed, match="in ring unit"), kept_to("unit", network=True):
        start()  # type: ignore[operator]
    with pytest.raises(Strayed, match="in ring unit"), kept_to("unit", network=True), suppress(BaseException):
        start()  # type: ignore[operator]


@pytest.mark.worker
@pytest.mark.parametrize("command", [["uname", "-p"], ["fc-list", "--version"]])
def test_questions_of_libraries_about_the_machine_are_allowed(command: list[str]) -> None:
    with kept_to("unit", network=False), suppress(FileNotFoundError):
        subprocess.run(command, capture_output=True)


@pytest.mark.parametrize(
    ("event", "arguments", "leaves"),
    [
        ("socket.connect", (None, ("127.0.0.1", 80)), False),
        ("socket.connect", (None, ("192.0.2.1", 80)), True),
        ("socket.connect", (None, "/run/socket"), False),
        ("socket.getaddrinfo", ("localhost", 80), False),
        ("socket.getaddrinfo", ("example.org", 443), True),
        ("open", ("example.org",), False),
    ],
)
def test_connections_to_other_machines_are_reported(event: str, arguments: tuple[object, ...], leaves: bool) -> None:
    assert _leaves(event, arguments) is leaves


@pytest.mark.parametrize(("given", "processes"), [({}, True), ({"workerinput": {}}, False)])
def test_the_suite_is_distributed_once(given: dict[str, object], processes: bool) -> None:
    """A process that has its share must not share it out again: there would be no end."""
    config = SimpleNamespace(
        args_source=pytest.Config.ArgsSource.TESTPATHS,
        option=SimpleNamespace(usepdb=False, capture="fd", numprocesses=None, markexpr="unit"),
        pluginmanager=SimpleNamespace(hasplugin=lambda _: True),
        **given,
    )
    pytest_cmdline_main(config)  # type: ignore[arg-type]
    assert (config.option.numprocesses is not None) == processes


def test_tests_of_isolation_also_run_as_an_ordinary_user(request: pytest.FixtureRequest) -> None:
    node = request.node
    assert not depends_on_who_runs_it(node)
    attack = SimpleNamespace(path=node.config.rootpath / "tests" / "hostile" / "test_siege.py", config=node.config)
    assert depends_on_who_runs_it(attack)  # type: ignore[arg-type]
    looks = SimpleNamespace(path=node.path, config=node.config, fixturenames=["classroom"])
    assert depends_on_who_runs_it(looks)  # type: ignore[arg-type]


@pytest.mark.thorough
@pytest.mark.worker
def test_the_tests_of_a_file_run_in_one_process() -> None:
    """What they share is then made once, and what a process cannot share meets no other one."""
    files = ["tests/timing/test_draw.py", "tests/timing/test_summary.py"]
    command = [sys.executable, "-m", "pytest", "-n", "2", "-p", "no:cacheprovider", "-v", *files]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, timeout=PATIENCE)
    assert done.returncode == 0, done.stdout + done.stderr
    ran = re.findall(r"^\[(gw\d)\] \[ *\d+%\] PASSED (\S+?)::", done.stdout, re.MULTILINE)
    assert {file for _, file in ran} == set(files)
    assert len(set(ran)) == len(files), done.stdout


def test_tests_that_share_a_slow_fixture_run_in_one_process(request: pytest.FixtureRequest) -> None:
    item = SimpleNamespace(path=request.node.path, config=request.config, fixturenames=["tmp_path", "classroom"])
    assert group_of(item) == "classroom"  # type: ignore[arg-type]
    assert group_of(request.node) == "tests/test_rings.py"


REPORTED = """
import time
import pytest

@pytest.fixture
def failing_setup(): raise RuntimeError("the setup failed")

@pytest.fixture
def failing_teardown():
    yield
    raise RuntimeError("the teardown failed")

@pytest.fixture
def slow_teardown():
    yield
    time.sleep(0.02)

def test_passes(slow_teardown): pass
def test_fails(): raise RuntimeError("the call failed")
def test_is_not_reached(failing_setup): pass
def test_ends_badly(failing_teardown): pass
@pytest.mark.skip(reason="not today")
def test_is_skipped(): pass
"""


@pytest.mark.thorough
@pytest.mark.worker
def test_whatever_goes_wrong_in_another_process_is_reported(tmp_path: Path) -> None:
    (tmp_path / "test_reported.py").write_text(REPORTED)
    (tmp_path / "conftest.py").write_text(
        "from tests.distribution import run_and_report\n"
        "def pytest_runtest_protocol(item, nextitem): run_and_report(item, nextitem); return True\n"
    )
    environment = os.environ | {"PYTHONPATH": str(REPOSITORY)}
    command = [sys.executable, "-m", "pytest", "-q", "-n", "1", "-p", "no:cacheprovider", "--durations=9", "-rs", "."]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=PATIENCE)
    assert "1 failed, 2 passed, 1 skipped, 2 errors" in done.stdout
    assert [part for part in ("setup", "call", "teardown") if f"the {part} failed" not in done.stdout] == []
    assert "not today" in done.stdout
    assert re.search(r"s teardown +test_reported.py::test_passes", done.stdout), done.stdout
