"""A cell laid out on this machine: an interpreter, packages and a course at their places, and commands run there.

Nothing is installed anew: the interpreter and the packages of whoever runs the tests are mounted at the place, packages
and the harness (from a wheel, or editable) in one folder by an overlay, so that they really lie below it.
"""

from __future__ import annotations

import json
import os
import shutil
import stat
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from harness.sandbox._interpreter import package_folders
from tests.conftest import BLOBS, REPOSITORY
from tests.places._cells import Cell

UID = 65534
"""The ordinary user of a run as root."""
SECONDS = 240
"""A guard."""
TOLD = "import json, sys, sysconfig; print(json.dumps([sys.base_prefix, sys.version, sysconfig.get_path('purelib')]))"
MODEL = """
import os

import numpy as np

import harness

HIDDEN = {hidden!r}


class Model(harness.Model):
    def fit(self, train, validation):
        if not os.path.isdir("/spool"):
            raise RuntimeError("this worker was started, not forked")
        if shown := [path for path in HIDDEN if os.path.exists(path)]:
            raise RuntimeError(f"{{shown}} shows")
        self.centres = np.stack([train.inputs[train.targets == c].mean(axis=0) for c in range(3)])

    def predict(self, inputs):
        return ((inputs[:, None] - self.centres) ** 2).sum(axis=2).argmin(axis=1)
"""


@dataclass(frozen=True)
class Python:
    """An interpreter without its packages."""

    prefix: Path
    program: Path
    """Below the prefix, as is the next."""
    packages: Path
    version: str

    @classmethod
    def of(cls, program: str) -> Python:
        """Ask the interpreter that `program` leads to."""
        real = Path(program).resolve()
        done = subprocess.run([real, "-I", "-c", TOLD], capture_output=True, text=True, check=True, cwd="/")
        prefix, version, packages = json.loads(done.stdout)
        return cls(Path(prefix), real.relative_to(prefix), Path(packages).relative_to(prefix), version.split()[0])

    @property
    def minor(self) -> str:
        """The version that packages are made for."""
        return ".".join(self.version.split(".")[:2])


@dataclass(frozen=True)
class Layers:
    """Folders that, laid over the packages there are, make this harness one of them."""

    wheel: Path
    editable: Path
    checkout: Path
    """Where the editable one says that the harness lies; each course has another place."""
    without: Path
    """Takes off what would lead to another harness: the one that the tests run with."""


@dataclass(frozen=True)
class Done:
    """What came of a command."""

    command: list[str]
    code: int
    stdout: str
    stderr: str

    def __str__(self) -> str:
        return f"$ {' '.join(self.command)}\n{self.stdout}{self.stderr}(exit {self.code})"


@dataclass(frozen=True)
class Site:
    """A cell as it lies there."""

    cell: Cell
    course: Path
    harness: Path
    environment: dict[str, str]
    mounts: list[tuple[list[str], str]]
    folder: Path

    def run(self, *commands: tuple[str, ...], umask: int = 0o022) -> list[Done]:
        """Run commands of the harness one after the other."""
        order = {
            "mounts": self.mounts,
            "uid": UID if self.cell.user == "user" and os.geteuid() == 0 else None,
            "umask": umask,
            "folder": str(self.folder),
            "environment": self.environment,
            "commands": [[str(self.harness), *command] for command in commands],
        }
        enter = [sys.executable, "-I", str(Path(__file__).with_name("_enter.py")), str(REPOSITORY)]
        done = subprocess.run(enter, input=json.dumps(order), capture_output=True, text=True, timeout=SECONDS)
        if done.returncode != 0:
            raise RuntimeError(done.stderr)
        return [Done(*one) for one in json.loads(done.stdout)]


def make_layers(folder: Path) -> Layers:
    """Install this checkout into two folders by what pip would call: from a wheel, and editable."""
    checkout = folder / "checkout"
    checkout.mkdir()
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(REPOSITORY / name, checkout)
    shutil.copytree(REPOSITORY / "harness", checkout / "harness", ignore=shutil.ignore_patterns("__pycache__"))
    layers = Layers(folder / "wheel", folder / "editable", checkout, folder / "without")
    for kind, layer in (("wheel", layers.wheel), ("editable", layers.editable)):
        code = f"from setuptools import build_meta; build_meta.build_{kind}({str(folder)!r})"
        subprocess.run([sys.executable, "-c", code], cwd=checkout, check=True, capture_output=True, text=True)
        (made,) = folder.glob("*.whl")
        with zipfile.ZipFile(made) as archive:
            archive.extractall(layer)
        made.unlink()
    layers.without.mkdir()
    found = (entry for packages in package_folders() for entry in packages.iterdir())
    for name in {e.name for e in found if e.suffix == ".pth" or e.name.startswith(("harness", "__editable__"))}:
        os.mknod(layers.without / name, stat.S_IFCHR | 0o644, os.makedev(0, 0))  # an overlay's whiteout
    return layers


@contextmanager
def laid_out(cell: Cell, python: Python, layers: Layers) -> Iterator[Site]:
    """Lay out `cell`; all is removed afterwards."""
    parent = "/tmp" if cell.place == "tmp" else "/var/tmp"
    top = Path(tempfile.mkdtemp(prefix="harness-places-", dir=parent))
    try:
        top.chmod(0o755)
        yield _lay_out(cell, python, layers, top)
    finally:
        shutil.rmtree(top)


def _lay_out(cell: Cell, python: Python, layers: Layers, top: Path) -> Site:
    homes = {name: top / name for name in ("home", "other", "open")}
    for name, home in homes.items():
        home.mkdir(mode=0o755 if name == "open" else 0o700)
    home = homes["home"] if cell.place in ("private-home", "own-packages", "apart") else homes["open"]
    course = home / "course"
    mounts: list[tuple[list[str], str]] = []
    if cell.place in ("own-packages", "apart"):
        base = homes["other" if cell.place == "apart" else "home"] / "python"
        empty = top / "base"
        (empty / python.packages).mkdir(parents=True)
        base.mkdir()
        mounts.append(([str(empty), str(python.prefix)], str(base)))
    else:
        base = python.prefix
    if cell.place == "own-packages":
        program, packages = base / python.program, base / python.packages
        script = top / "base" / "bin" / "harness"
        script.parent.mkdir(exist_ok=True)
    else:
        prefix = course / ".venv" if cell.place == "course" else home / "env"
        program = prefix / "bin" / "python"
        packages = prefix / "lib" / f"python{python.minor}" / "site-packages"
        packages.mkdir(parents=True)
        program.parent.mkdir()
        program.symlink_to(base / python.program)
        (prefix / "lib64").symlink_to("lib")
        settings = {"home": (base / python.program).parent, "include-system-site-packages": "false"}
        lines = [f"{key} = {value}\n" for key, value in (settings | {"version": python.version}).items()]
        (prefix / "pyvenv.cfg").write_text("".join(lines))
        script = prefix / "bin" / "harness"
    script.write_text(f"#!{program}\nimport sys\nfrom harness.cli import main\nsys.exit(main())\n")
    script.chmod(0o755)
    installed = _installed(cell, layers, course, top)
    mounts.append(([str(path) for path in (installed, layers.without, *package_folders())], str(packages)))
    _write_course(cell, course, [home / "neighbours", course / "tasks", course / "submissions"])
    (home / "neighbours").write_text("theirs")
    if cell.install == "editable":
        (course / "harness").mkdir()
        mounts.append(([str(layers.checkout / "harness")], str(course / "harness")))
    copy = top / "copy"
    (copy / "harness").mkdir(parents=True)
    (copy / "harness" / "__init__.py").write_text("raise SystemExit('another copy of harness/ was imported')\n")
    folders = {"course": course, "submission": course / "submissions" / "bob", "copy": copy, "top": Path("/")}
    if cell.user == "user" and os.geteuid() == 0:
        for path in (top, *top.rglob("*")):
            os.chown(path, UID, UID, follow_symlinks=False)
    environment = {
        "HOME": str(homes["home"]),
        "PATH": f"{program.parent}:/usr/bin:/bin",
        "LANG": "C.UTF-8",
        "HARNESS_OFFLINE": "1",
        "XDG_CACHE_HOME": str(homes["home"] / "cache"),
        "HARNESS_LOCKS": str(homes["home"]),
    }
    called = base / "bin" / "harness" if cell.place == "own-packages" else script
    return Site(cell, course, called, environment, mounts, folders[cell.folder])


def _installed(cell: Cell, layers: Layers, course: Path, top: Path) -> Path:
    """Return the layer of the harness: the editable one is made to name this course."""
    if cell.install == "wheel":
        return layers.wheel
    layer = top / "editable"
    shutil.copytree(layers.editable, layer)
    for file in layer.glob("*.p*"):
        file.write_text(file.read_text().replace(str(layers.checkout), str(course)))
    return layer


def _write_course(cell: Cell, course: Path, hidden: list[Path]) -> None:
    for folder in ("tasks/blobs", "submissions/bob/blobs"):
        (course / folder).mkdir(parents=True)
    (course / "tasks" / "blobs" / "task.py").write_text(BLOBS.replace("{limits}", "").replace("{more}", ""))
    model = MODEL.format(hidden=[str(path) for path in hidden])
    (course / "submissions" / "bob" / "blobs" / "model.py").write_text(model)
