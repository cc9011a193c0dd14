"""A cell laid out on this machine: an interpreter, packages and a course at their places, and commands run there.

Nothing is installed anew: the interpreter and the packages of whoever runs the tests are mounted at the place, packages
and the harness (from a wheel, or editable) in one folder by an overlay, so that they really lie below it.
"""

from __future__ import annotations

import compileall
import json
import os
import shutil
import stat
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from harness.sandbox._interpreter import package_folders
from tests.conftest import BLOBS, BRIEFLY, REPOSITORY
from tests.places._cells import Cell

UID = 65534
"""The ordinary user of a run as root."""
SECONDS = 600
"""A guard."""
TOLD = "import json, sys, sysconfig; print(json.dumps([sys.base_prefix, sys.version, sysconfig.get_path('purelib')]))"
MODEL = """
import os

import numpy as np

import harness

HIDDEN = {hidden!r}


class Model(harness.Model):
    def fit(self, train, validation):
        if not os.path.isdir("/staging"):
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

    built: Path
    """The wheel itself."""
    wheel: Path
    editable: Path
    checkout: Path
    """Where the editable one says that the harness lies; each course has another place."""
    without: Path
    """Takes off what would lead to another harness: the one that the tests run with."""


@dataclass(frozen=True)
class Mount:
    """One folder shown at another place, or several laid over one another."""

    sources: tuple[Path, ...]
    target: Path


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
class Environment:
    """Where packages will be mounted, and the programs that use them."""

    python: Path
    harness: Path
    packages: Path


@dataclass(frozen=True, kw_only=True)
class Site:
    """An installation, a course, and how commands are run there."""

    user: str
    home: Path
    course: Path
    environment: Environment
    mounts: list[Mount]
    folder: Path
    """The current one."""

    def run(self, *commands: tuple[str, ...], umask: int = 0o022, without: Sequence[int] = ()) -> list[Done]:
        """Run commands of the harness one after the other, `without` some capabilities."""
        order = {
            "mounts": [([str(path) for path in mount.sources], str(mount.target)) for mount in self.mounts],
            "uid": UID if self.user == "user" and os.geteuid() == 0 else None,
            "umask": umask,
            "without": without,
            "folder": str(self.folder),
            "environment": {
                "HOME": str(self.home),
                "PATH": f"{self.environment.python.parent}:/usr/bin:/bin",
                "LANG": "C.UTF-8",
                "HARNESS_OFFLINE": "1",
                "XDG_CACHE_HOME": str(self.home / "cache"),
                "HARNESS_LATENCY_SECONDS": BRIEFLY,
                "HARNESS_AUDIT_LEARNING": "no",
                "HARNESS_LOCKS": str(self.home),
            },
            "commands": [[str(self.environment.harness), *command] for command in commands],
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
    for name in ("pyproject.toml", "setup.py", "README.md", "LICENSE"):
        shutil.copy(REPOSITORY / name, checkout)
    shutil.copytree(REPOSITORY / "harness", checkout / "harness", ignore=shutil.ignore_patterns("__pycache__"))
    built = {kind: _build(kind, checkout, folder / kind / "built") for kind in ("wheel", "editable")}
    for kind, wheel in built.items():
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(folder / kind / "packages")
    for installed in (checkout, folder / "wheel" / "packages"):
        compileall.compile_dir(installed, quiet=2)  # as pip does; what is mounted is read-only, and would not keep it
    layers = Layers(
        built=built["wheel"],
        wheel=folder / "wheel" / "packages",
        editable=folder / "editable" / "packages",
        checkout=checkout,
        without=folder / "without",
    )
    layers.without.mkdir()
    found = (entry for packages in package_folders() for entry in packages.iterdir())
    for name in {
        e.name
        for e in found
        if e.suffix == ".pth" or e.name.startswith(("harness", "coursework_harness", "__editable__"))
    }:
        os.mknod(layers.without / name, stat.S_IFCHR | 0o644, os.makedev(0, 0))  # an overlay's whiteout
    return layers


def _build(kind: str, checkout: Path, folder: Path) -> Path:
    """Build a wheel of one kind and return it."""
    folder.mkdir(parents=True)
    code = f"from setuptools import build_meta; build_meta.build_{kind}({str(folder)!r})"
    subprocess.run([sys.executable, "-c", code], cwd=checkout, check=True, capture_output=True, text=True)
    (made,) = folder.glob("*.whl")
    return made


def make_environment(prefix: Path, base: Path, python: Python) -> Environment:
    """Make what ``python -m venv --without-pip`` makes, of an interpreter whose prefix is, or will be, `base`."""
    made = Environment(
        python=prefix / "bin" / "python",
        harness=prefix / "bin" / "harness",
        packages=prefix / "lib" / f"python{python.minor}" / "site-packages",
    )
    made.packages.mkdir(parents=True)
    made.python.parent.mkdir()
    made.python.symlink_to(base / python.program)
    (prefix / "lib64").symlink_to("lib")
    home = f"home = {(base / python.program).parent}\n"
    (prefix / "pyvenv.cfg").write_text(f"{home}include-system-site-packages = false\nversion = {python.version}\n")
    write_script(made.harness, made.python)
    return made


def write_script(path: Path, python: Path) -> None:
    """Write the program `harness` as pip does."""
    path.write_text(f"#!{python}\nimport sys\nfrom harness.cli import main\nsys.exit(main())\n")
    path.chmod(0o755)


def mount_packages(layers: Layers, install: str, course: Path, packages: Path, spare: Path) -> list[Mount]:
    """Return what puts the packages of these tests, and the harness, into `packages`; writes to the folder `spare`."""
    if install == "wheel":
        return [Mount((layers.wheel, layers.without, *package_folders()), packages)]
    editable = spare / "editable"
    shutil.copytree(layers.editable, editable)
    for file in editable.glob("*.p*"):
        file.write_text(file.read_text().replace(str(layers.checkout), str(course)))
    (course / "harness").mkdir()
    return [
        Mount((editable, layers.without, *package_folders()), packages),
        Mount((layers.checkout / "harness",), course / "harness"),
    ]


def make_course(course: Path, *hidden: Path) -> None:
    """Write a course with one tiny task and bob, who fails where his worker is not forked, or sees one of `hidden`."""
    for folder in ("tasks/blobs", "submissions/bob/blobs"):
        (course / folder).mkdir(parents=True)
    (course / "tasks" / "blobs" / "task.py").write_text(BLOBS.replace("{limits}", "").replace("{more}", ""))
    model = MODEL.format(hidden=[str(path) for path in (*hidden, course / "tasks", course / "submissions")])
    (course / "submissions" / "bob" / "blobs" / "model.py").write_text(model)


@contextmanager
def open_folder(parent: str) -> Iterator[Path]:
    """Yield a folder that everybody may enter, in one of the system's; it is removed afterwards."""
    top = Path(tempfile.mkdtemp(prefix="harness-places-", dir=parent))
    try:
        top.chmod(0o755)
        yield top
    finally:
        shutil.rmtree(top)


@contextmanager
def laid_out(cell: Cell, python: Python, layers: Layers) -> Iterator[Site]:
    """Lay out `cell`; all is removed afterwards."""
    with open_folder("/tmp" if cell.place == "tmp" else "/var/tmp") as top:
        site = _lay_out(cell, python, layers, top)
        if cell.user == "user" and os.geteuid() == 0:
            for path in (top, *top.rglob("*")):
                os.chown(path, UID, UID, follow_symlinks=False)
        yield site


def _lay_out(cell: Cell, python: Python, layers: Layers, top: Path) -> Site:
    private, other, open_to_all, spare = (top / name for name in ("home", "other", "open", "spare"))
    for folder in (private, other):
        folder.mkdir(mode=0o700)
    for folder in (open_to_all, spare, spare / "base" / python.packages, spare / "base" / "bin"):
        folder.mkdir(parents=True)
    home = private if cell.place in ("private-home", "own-packages", "apart") else open_to_all
    course = home / "course"
    (home / "neighbour").touch()
    make_course(course, home / "neighbour", private / "neighbour")
    moved = {"own-packages": home / "python", "apart": other / "python"}.get(cell.place)
    mounts = [] if moved is None else [Mount((spare / "base", python.prefix), moved)]
    for mount in mounts:
        mount.target.mkdir()
    base = python.prefix if moved is None else moved
    if cell.place == "own-packages":
        environment = Environment(base / python.program, base / "bin" / "harness", base / python.packages)
        write_script(spare / "base" / "bin" / "harness", environment.python)
    else:
        environment = make_environment((course / ".venv") if cell.place == "course" else (home / "env"), base, python)
    mounts += mount_packages(layers, cell.install, course, environment.packages, spare)
    copy = top / "copy"
    (copy / "harness").mkdir(parents=True)
    (copy / "harness" / "__init__.py").write_text("raise SystemExit('another copy of harness/ was imported')\n")
    folders = {"course": course, "submission": course / "submissions" / "bob", "copy": copy, "top": Path("/")}
    return Site(
        user=cell.user,
        home=private,
        course=course,
        environment=environment,
        mounts=mounts,
        folder=folders[cell.folder],
    )
