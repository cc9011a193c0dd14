"""What all cells share: an interpreter for each user, and the harness to be laid over the packages that are there."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable

import pytest

from harness.sandbox import Level, find_sandbox, reason_for_cold_start
from harness.sandbox._interpreter import private_ancestor
from tests.places._cells import Cell
from tests.places._site import Layers, Python, make_layers


@pytest.fixture(scope="session")
def layers(tmp_path_factory: pytest.TempPathFactory) -> Layers:
    """This checkout, installed both ways."""
    return make_layers(tmp_path_factory.mktemp("layers"))


@pytest.fixture(scope="session")
def level_of() -> Callable[[Cell], str]:
    """The best level that the kernel gives the user of a cell: root alone has control groups for certain."""
    sandbox = find_sandbox(())
    problem = reason_for_cold_start(sandbox)
    if problem is not None:
        pytest.skip(f"no worker is forked here: {problem}")
    own = sandbox.isolation.level
    return lambda cell: (Level.NAMESPACES if cell.user == "user" and os.geteuid() == 0 else own).value


@pytest.fixture(scope="session")
def python_of() -> Callable[[Cell], Python]:
    """The interpreter for a cell: that of the tests, or for another user one of the same version that it can read."""
    own = Python.of(sys.executable)
    others = _open_to_all(own)

    def python(cell: Cell) -> Python:
        if cell.user == "root" or os.geteuid() != 0:
            return own
        if others is None:
            pytest.skip(f"no Python {own.minor} that an ordinary user can read: HARNESS_TEST_USER_PYTHON may name one")
        return others

    return python


def _open_to_all(own: Python) -> Python | None:
    """Return an interpreter of that version which lies in no private folder, if one is known."""
    for program in (sys.executable, os.environ.get("HARNESS_TEST_USER_PYTHON", ""), "/usr/bin/python3"):
        try:
            found = Python.of(program)
        except (OSError, ValueError, subprocess.CalledProcessError):
            continue
        if found.minor == own.minor and private_ancestor(found.prefix / found.program) is None:
            return found
    return None
