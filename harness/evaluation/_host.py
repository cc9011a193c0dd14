"""Facts about the machine, its packages and the course's commit, for the record."""

from __future__ import annotations

import os
import platform
from functools import cache
from importlib import metadata
from pathlib import Path

import psutil

from harness.course import LEADERBOARD
from harness.errors import InfrastructureError
from harness.git import run_git, run_git_on_files
from harness.record import Git, Machine
from harness.sandbox import Gpu
from harness.timing import clock_facts

_PACKAGES = ("numpy", "safetensors", "scikit-learn", "scipy", "torch", "torchvision")


def describe_machine(gpu: Gpu | None = None) -> Machine:
    """Return a description of this machine, with the GPU that was used."""
    return Machine(
        system=f"{platform.system()} {platform.release()}",
        processor=_processor(),
        cores=psutil.cpu_count(),
        memory_bytes=psutil.virtual_memory().total,
        python=platform.python_version(),
        gpu=None if gpu is None else gpu.name,
        clock=clock_facts(),
    )


@cache
def package_versions() -> dict[str, str]:
    """Return the versions of the packages that influence results, without importing them."""
    found = {}
    for name in _PACKAGES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found


def describe_packages() -> str:
    """Return the versions of the packages that influence results, on one line."""
    return " ".join(f"{name}={version}" for name, version in sorted(package_versions().items()))


def describe_git(root: Path) -> Git | None:
    """Return the commit checked out in the course at `root`; None outside git.

    Files that an evaluation writes do not count as changes, and repositories inside the course are ignored.
    """
    try:
        return _describe_git(root)
    except InfrastructureError:  # no git here
        return None


def _describe_git(root: Path) -> Git | None:
    head = run_git(root, "rev-parse", "HEAD", "--show-prefix")
    if head.returncode:
        return None
    commit, prefix = head.stdout.splitlines()
    options = ("--porcelain", "-z", "--no-renames", "--untracked-files=no", "--ignore-submodules=all")
    status = run_git_on_files(root, "status", *options, "--", ".")
    written = prefix + os.fsencode(LEADERBOARD) + b"/"
    changed = [line[len(b"XY ") :] for line in status.stdout.split(b"\0")[:-1]]
    return Git(
        commit=commit.decode(), dirty=status.returncode != 0 or not all(path.startswith(written) for path in changed)
    )


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, None) or platform.processor()  # the last resort, because it starts a program
