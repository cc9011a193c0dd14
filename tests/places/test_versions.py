"""The wheel installs into other versions of Python, and the README's first command works there, without a network."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY
from tests.places._site import Mount, Python, Site, make_environment, open_folder

pytestmark = pytest.mark.line
VARIABLE = "HARNESS_TEST_PYTHONS"
"""Names interpreters that have the packages the harness needs, separated as in ``PATH``."""
PROGRAMS = [program for program in os.environ.get(VARIABLE, "").split(os.pathsep) if program]
FOLDERS = "import json, sys; print(json.dumps([path for path in sys.path if path.endswith('-packages')]))"


def asked(program: str, *arguments: str) -> str:
    return subprocess.run([program, "-I", *arguments], capture_output=True, text=True, check=True, cwd="/").stdout


@pytest.mark.parametrize("program", PROGRAMS or [None])
def test_the_first_command_of_the_readme_works_with_another_python(program, level_of, layers):
    if program is None:
        pytest.skip(f"{VARIABLE} names no interpreters of other versions that have the packages")
    python = Python.of(program)
    packages = [Path(path) for path in json.loads(asked(program, "-c", FOLDERS))]
    with open_folder("/var/tmp") as top:
        home, installed = top / "home", top / "installed"
        home.mkdir(mode=0o700)
        pip = ("-m", "pip", "install", "--quiet", "--no-index", str(layers.built))
        asked(program, *pip, "--dry-run")  # all it needs is there in a version that will do
        asked(program, *pip, "--no-deps", "--target", str(installed))
        for name in ("tasks", "submissions", "reference"):
            shutil.copytree(REPOSITORY / name, home / "course" / name)
        made = make_environment(home / "env", python.prefix, python)
        site = Site(
            user="root" if os.geteuid() == 0 else "user",
            home=home,
            course=home / "course",
            environment=made,
            mounts=[Mount((installed, *packages), made.packages)],
            folder=home / "course",
        )
        doctor, evaluate = site.run(("doctor",), ("evaluate", "submissions/alice"))
    assert f"Python {python.version}" in doctor.stdout, doctor
    assert "workers are forked" in doctor.stdout, doctor
    assert "3 passed, 0 below baseline, 0 failed" in evaluate.stdout, evaluate
    assert evaluate.stderr == "", evaluate
