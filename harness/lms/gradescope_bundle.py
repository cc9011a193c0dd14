"""Write the zip file that an instructor uploads to Gradescope."""

from __future__ import annotations

import io
import shutil
import subprocess
import tempfile
import zipfile
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

import msgspec

from harness.contract import Task
from harness.course import SHARED
from harness.data import DataChoice, Places
from harness.errors import InfrastructureError, UsageError
from harness.programs import python_command
from harness.record import ScoredOn

SETTINGS = "harness.json"
COURSE, DATA, PRIVATE = "course", "data", "private"
_EPOCH = (2000, 1, 1, 0, 0, 0)
_TORCH_INDEX, _PACKAGES = "torch_index", "packages"
_SCRIPTS = ("setup.sh", "run_autograder")


class BundleSettings(msgspec.Struct, frozen=True, kw_only=True):
    """The instructor's settings."""

    task: str
    score_on: ScoredOn
    data: DataChoice
    isolation: str
    packages: tuple[str, ...] = ()
    """The packages that the task's models may use in addition."""
    torch_index: str = ""
    """Address of the package index from which torch is installed; '' for the default one, whose build has CUDA."""


def bundled_data(task: Task, settings: BundleSettings, places: Places) -> dict[str, Path]:
    """Return the folders of data that a bundle has to include, by their paths in the zip file.

    Raises:
        UsageError: this machine does not have one of them.
    """
    folders = {}
    if settings.data != "embedded":
        if places.root is None or not (places.root / task.name).is_dir():
            raise UsageError(
                f"this machine has no data of task {task.name} for the bundle: set HARNESS_DATA to a folder that holds "
                f"{task.name}/, or use --data embedded"
            )
        folders[f"{DATA}/{task.name}"] = places.root / task.name
    if task.private_test and settings.score_on == "test":
        if places.private is None or not (places.private / task.name).is_dir():
            raise UsageError(f"the test part of task {task.name} is private and not here: set HARNESS_PRIVATE")
        folders[f"{PRIVATE}/{task.name}"] = places.private / task.name
    return folders


def write_bundle(settings: BundleSettings, tasks: Path, wheel: Path, data: dict[str, Path]) -> bytes:
    """Return a zip file with Gradescope's two scripts, the harness, one of `tasks`, and the folders `data` by name.

    The same files give the same bytes.
    """
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in _SCRIPTS:
            script = (files("harness.lms") / "gradescope_files" / name).read_bytes()
            _add(archive, name, script, executable=True)
        _add(archive, SETTINGS, msgspec.json.encode(settings))
        if settings.torch_index:
            _add(archive, _TORCH_INDEX, f"{settings.torch_index}\n".encode())
        if settings.packages:
            _add(archive, _PACKAGES, "".join(f"{package}\n" for package in settings.packages).encode())
        _add(archive, wheel.name, wheel.read_bytes())
        code = {f"{COURSE}/tasks/{name}": tasks / name for name in (settings.task, SHARED)}
        for name, path in _all_files(code | data):
            _add(archive, name, path.read_bytes())
    return content.getvalue()


def build_wheel(into: Path) -> Path:
    """Build a wheel of the running harness, and return its path.

    Raises:
        UsageError: the harness does not run from a checkout.
        InfrastructureError: pip cannot build it.
    """
    checkout = Path(str(files("harness"))).parent
    if not (checkout / "pyproject.toml").is_file():
        raise UsageError("the harness does not run from a checkout of its source: name its wheel with --wheel")
    with tempfile.TemporaryDirectory(dir=into) as folder:
        source, made = Path(folder, "source"), Path(folder, "made")
        _copy_source(checkout, source)  # because a build leaves files in the folder of the source
        command = python_command("pip", "wheel", "--quiet", "--no-deps", f"--wheel-dir={made}", str(source))
        done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder)
        if done.returncode:
            raise InfrastructureError(f"pip cannot build a wheel of {checkout}: {done.stderr.strip()[-1000:]}")
        (wheel,) = made.glob("*.whl")
        return wheel.rename(into / wheel.name)


def _copy_source(checkout: Path, to: Path) -> None:
    """Copy the files from which a wheel is built."""
    ignored = shutil.ignore_patterns("__pycache__", "*.egg-info", ".*_cache")
    shutil.copytree(checkout / "harness", to / "harness", ignore=ignored)
    for name in ("pyproject.toml", "setup.py", "README.md", "LICENSE"):
        if (checkout / name).is_file():
            shutil.copy(checkout / name, to / name)


def _all_files(folders: dict[str, Path]) -> Iterator[tuple[str, Path]]:
    for name, folder in folders.items():
        yield from _files(folder, name)


def _files(folder: Path, prefix: str) -> Iterator[tuple[str, Path]]:
    for path in sorted(folder.rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts:
            yield f"{prefix}/{path.relative_to(folder).as_posix()}", path


def _add(archive: zipfile.ZipFile, name: str, content: bytes, *, executable: bool = False) -> None:
    info = zipfile.ZipInfo(name, _EPOCH)
    info.external_attr = (0o100755 if executable else 0o100644) << 16
    archive.writestr(info, content, zipfile.ZIP_DEFLATED)
