"""Facts about the machine and the course for the record."""

from __future__ import annotations

import platform
import subprocess
from functools import cache
from importlib import metadata
from pathlib import Path

import psutil

from harness.record import Git, Machine
from harness.sandbox import Gpu

_PACKAGES = ("numpy", "safetensors", "scikit-learn", "scipy", "torch", "torchvision")


def describe_machine(gpu: Gpu | None = None) -> Machine:
    """Return where this process runs, and the GPU that was used."""
    return Machine(
        system=f"{platform.system()} {platform.release()}",
        processor=_processor(),
        cores=psutil.cpu_count(),
        memory_bytes=psutil.virtual_memory().total,
        python=platform.python_version(),
        gpu=None if gpu is None else gpu.name,
    )


@cache
def package_versions() -> dict[str, str]:
    """Return the versions of the packages that decide results; none is imported."""
    found = {}
    for name in _PACKAGES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found


def describe_git(root: Path) -> Git | None:
    """Return the commit checked out at `root`; None outside git. What an evaluation writes makes nothing dirty."""
    commit = _git(root, "rev-parse", "HEAD")
    if commit is None:
        return None
    changes = _git(root, "status", "--porcelain", "--untracked-files=no", "--", ".", ":(exclude)leaderboard")
    return Git(commit=commit, dirty=bool(changes))


def _git(root: Path, *arguments: str) -> str | None:
    try:
        done = subprocess.run(
            ["git", "-C", str(root), *arguments],  # noqa: S607 - the user's own git
            capture_output=True,
            text=True,
            timeout=10,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() if done.returncode == 0 else None


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.processor())
