"""Other programs are started so that nothing of the current folder takes part."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from harness.programs import find_program, forget_current_folder, python_command
from tests.hostile.folders import Trap

pytestmark = pytest.mark.user  # CI runs it as root and as an ordinary user

REPOSITORY = Path(__file__).parents[1]
TELL = "import harness, json, sys; print(json.dumps([harness.__file__, sys.path, sys.argv[1:]]))\n"


@pytest.fixture
def trap(tmp_path: Path) -> Trap:
    trap = Trap(tmp_path / "sprung.txt")
    trap.set(tmp_path / "here")
    return trap


def run(code: str, *arguments: str, cwd: Path, **environment: str) -> str:
    """Run `code` in a Python that stands in `cwd`, and return what it prints."""
    done = subprocess.run(
        [sys.executable, "-P", "-c", code, *arguments],
        cwd=cwd,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


SAID = {"capture_output": True, "text": True, "check": False}
START = (
    "import subprocess, sys; from harness.programs import python_command; "
    "sys.exit(subprocess.run(python_command(*sys.argv[1:])).returncode)"
)


@pytest.mark.worker
def test_a_started_python_imports_nothing_from_the_current_folder(trap: Trap, tmp_path: Path) -> None:
    more = tmp_path / "more"
    more.mkdir()
    (more / "tell.py").write_text(TELL)
    path = os.pathsep.join([str(REPOSITORY), str(more)])
    package, searched, arguments = json.loads(run(START, "tell", "-x", "y z", cwd=tmp_path / "here", PYTHONPATH=path))
    assert package == str(REPOSITORY / "harness" / "__init__.py")
    assert str(more) in searched  # what an administrator named
    assert not {"", ".", str(tmp_path / "here")} & set(searched)
    assert arguments == ["-x", "y z"]
    assert trap.sprung() == []


@pytest.mark.worker
def test_a_started_python_ignores_empty_entries_of_pythonpath(trap: Trap, tmp_path: Path) -> None:
    started = python_command("harness", "--version")
    done = subprocess.run(
        started, cwd=tmp_path / "here", env=os.environ | {"PYTHONPATH": ":."}, capture_output=True, text=True
    )
    assert done.stdout.startswith("harness, version"), done.stderr
    assert trap.sprung() == []


@pytest.mark.worker
def test_a_started_python_runs_the_package_that_started_it(tmp_path: Path) -> None:
    (tmp_path / "harness").mkdir()
    (tmp_path / "harness" / "__init__.py").write_text("raise SystemExit('another harness')\n")
    (tmp_path / "tell.py").write_text(TELL)
    code = f"import sys; sys.path.insert(0, {str(REPOSITORY)!r}); import harness.programs; del sys.path[0]; {START}"
    for module in ("harness.grading", "tell"):  # the one has no arguments, the other is not a module of ours
        done = subprocess.run(
            [sys.executable, "-P", "-c", code, module], cwd="/", env=os.environ | {"PYTHONPATH": str(tmp_path)}, **SAID
        )
        assert ("another harness" in done.stderr) == (module == "tell")


@pytest.mark.worker
@pytest.mark.parametrize("module", ["harness", "harness.cli", "harness.lms.gradescope_run"])
def test_python_m_removes_the_current_folder_from_its_path_first(trap: Trap, tmp_path: Path, module: str) -> None:
    here = tmp_path / "here"
    (here / "harness" / "__init__.py").unlink()
    (here / "harness").rmdir()
    (here / "sitecustomize.py").unlink()  # with PYTHONPATH Python takes these before anything of ours
    (here / "usercustomize.py").unlink()
    subprocess.run(
        [sys.executable, "-m", module, "--help"], cwd=here, env=os.environ | {"AUTOGRADER": str(here)}, check=False
    )
    assert trap.sprung() == []


READS = (
    "import numpy as np; from harness.metrics._boxes import average_precisions; from harness.similarity import *\n"
    "one = np.array([[0, 0, 1, 1, 0.0]]); average_precisions([one], [np.insert(one, 4, 1, axis=1)])\n"
    "list(compare([Text('a', 'x = 1'), Text('b', 'y = 2')], [], [], 0.5))\n"
    "import sys; assert 'matplotlib' in sys.modules"
)


@pytest.mark.thorough
@pytest.mark.worker
def test_no_library_takes_settings_from_the_current_folder(tmp_path: Path) -> None:
    (tmp_path / "matplotlibrc").write_text("no.such: setting\n")
    done = subprocess.run([sys.executable, "-P", "-c", READS], cwd=tmp_path, **SAID)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.unit
def test_relative_entries_are_removed_from_a_search_path(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "lib").mkdir()
    for name, value in {
        "PATH": ":/usr/bin::bin:/bin:",
        "PYTHONPATH": f":lib:{tmp_path / 'other'}",
        "LD_LIBRARY_PATH": ":",
        "PYTHONSAFEPATH": "",
    }.items():
        monkeypatch.setenv(name, value)
    hook = "__editable__.x.finder.__path_hook__"
    monkeypatch.setattr(sys, "path", ["", "lib", str(tmp_path), str(tmp_path / "lib"), hook, "/usr/lib/python"])
    forget_current_folder()
    assert sys.path == [hook, "/usr/lib/python"]
    assert os.environ["PATH"] == "/usr/bin:/bin"
    assert os.environ["PYTHONPATH"] == str(tmp_path / "other")
    assert "LD_LIBRARY_PATH" not in os.environ
    assert os.environ["PYTHONSAFEPATH"] == "1"


@pytest.mark.unit
def test_an_installation_in_the_current_folder_stays_on_the_path(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("PYTHONPATH", raising=False)
    monkeypatch.setattr(sys, "path", [str(tmp_path)])  # by a .pth file of an editable install
    forget_current_folder()
    assert sys.path == [str(tmp_path)]


@pytest.mark.unit
def test_programs_are_looked_for_in_absolute_folders_only(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    for folder in ("bin", "."):
        (tmp_path / folder).mkdir(exist_ok=True)
        (tmp_path / folder / "git").write_text("#!/bin/sh\n")
        (tmp_path / folder / "git").chmod(0o755)
    monkeypatch.setenv("PATH", os.pathsep.join(["", ".", "bin"]))
    assert find_program("git") is None
    monkeypatch.setenv("PATH", os.pathsep.join([".", str(tmp_path / "bin")]))
    assert find_program("git") == tmp_path / "bin" / "git"
