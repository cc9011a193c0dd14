"""``harness data``."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Literal

import click
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

from harness.cli import FAILED, INFRASTRUCTURE, PASSED
from harness.cli._common import Group
from harness.cli._options import Screen, console, data_option, opened, output_option, task_name, task_names
from harness.contract import Canonical, Task
from harness.course import Course
from harness.data import (
    Bars,
    DataChoice,
    DownloadBar,
    Found,
    NotHere,
    fetch_asset,
    in_cache,
    keep_private,
    load_data,
    no_bars,
    survey,
)
from harness.errors import InfrastructureError, TaskError, UsageError
from harness.interactive import write_parts
from harness.text import count_of


@click.group(cls=Group)
def data() -> None:
    """List, fetch and verify the tasks' data; keep test parts private."""


@data.command("list")
@task_names
def list_data(names: tuple[str, ...]) -> int:
    """List for each task, or for these, the sources of its data, their licences, and the files on this machine."""
    out, opened_course = console(), opened()
    course, where = opened_course.folders, opened_course.places
    tasks, code = _tasks(out, course, names)
    for task in tasks:
        out.print(f"{task.name}: {task.title}", style="bold")
        for source in task.sources:
            out.print(f"  {source.kind:<10} {source.title}; {source.licence}")
        for asset in task.assets:
            out.print(f"  {'asset':<10} {asset.name}; {asset.licence}")
        for found in survey(task, where):
            out.print(f"    {_describe(found)}")
    out.print(f"data root {where.root or 'not set (HARNESS_DATA)'}, cache {where.cache}")
    return code


@data.command()
@task_name
@output_option("Where to write. By default TASK.npz.")
@data_option("auto")
def save(name: str, output: Path | None, data: DataChoice) -> int:
    """Write the train and validation parts of TASK to an npz file of plain arrays, without the test part."""
    train, validation = opened().data(name, data=data)
    path = output or Path(f"{name}.npz")
    write_parts(path, train, validation)
    console().conclude(f"{name}: {len(train)} to train, {len(validation)} to validate, in {path}")
    return PASSED


@data.command()
@task_names
def fetch(names: tuple[str, ...]) -> int:
    """Download the official files and the assets of these tasks into the cache. By default, of all tasks."""
    out, opened_course = console(), opened()
    course, where = opened_course.folders, opened_course.places
    problems = []
    tasks, code = _tasks(out, course, names)
    for task in tasks:
        for source in task.sources:
            if isinstance(source, Canonical):
                out.print(f"{task.name}: {source.title}; {source.licence}")
                try:
                    with download_bars(out) as bars:
                        folder = in_cache(task, source, where, bars)
                except NotHere as reason:
                    problems.append(f"task {task.name}: {reason}")
                else:
                    out.print(f"  in {folder}")
        for file in task.assets:
            out.print(f"{task.name}: asset {file.name}; {file.licence}")
            try:
                with download_bars(out) as bars:
                    out.print(f"  {fetch_asset(task, file, where, bars).path}")
            except NotHere as reason:
                problems.append(f"task {task.name}: {reason}")
    if problems:
        raise InfrastructureError("; ".join(problems))
    out.conclude("all official files are in the cache")
    return code


@data.command()
@task_names
def verify(names: tuple[str, ...]) -> int:
    """Check the digests of the files on this machine. A file of the instructor's own is reported as such."""
    out, opened_course = console(), opened()
    course, where = opened_course.folders, opened_course.places
    tasks, code = _tasks(out, course, names)
    here = [found for task in tasks for found in survey(task, where) if found.state != "missing"]
    for found in here:
        out.print(_describe(found), style="red" if found.state == "damaged" else "")
    damaged = sum(found.state == "damaged" for found in here)
    remedy = ": harness data fetch downloads them again" if damaged else ""
    out.conclude(f"{count_of(len(here), 'file', 'files')}, {damaged} damaged{remedy}")
    return code or (FAILED if damaged else PASSED)


@data.command()
@task_name
@data_option("auto")
@click.option(
    "--keep",
    type=click.Choice(["targets", "inputs-and-targets"]),
    default="targets",
    show_default=True,
    help="What students must not have.",
)
def private(name: str, data: DataChoice, keep: Literal["targets", "inputs-and-targets"]) -> int:
    """Write TASK's private test part to $HARNESS_PRIVATE/TASK/, made from the data on this machine."""
    out, opened_course = console(), opened()
    course, where = opened_course.folders, opened_course.places
    task = course.task(name)
    if not task.private_test:
        raise UsageError(f"task {name} does not declare private_test=True: its test part is public")
    with out.status(f"{name}: loading data"):
        public = load_data(replace(task, private_test=False).named(name), course.task_digest(name), where, data)
    if public.test is None:
        raise InfrastructureError(f"task {name}: the {public.source.kind} data on this machine has no test targets")
    path = keep_private(task, public.test, where, keep)
    out.print(f"{path}: {keep} of {len(public.test)} test items, from {public.source.kind} data; keep it out of git")
    return PASSED


@contextmanager
def download_bars(out: Screen) -> Iterator[Bars]:
    """Yield a function that makes progress bars for downloads; they are invisible if `out` is not a terminal."""
    if not out.is_terminal:
        yield no_bars
        return
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with Progress(*columns, console=out, transient=True) as progress:
        yield lambda name: _ProgressBar(progress, name)


class _ProgressBar(DownloadBar):
    """The progress bar of one download."""

    def __init__(self, progress: Progress, name: str) -> None:
        self._progress, self._bar = progress, progress.add_task(name, total=None)

    @property
    def total(self) -> float:  # pooch sets it once the server has told
        return self._progress.tasks[self._bar].total or 0.0

    @total.setter
    def total(self, count: float) -> None:
        self._progress.update(self._bar, total=count)

    def update(self, count: int) -> None:
        self._progress.advance(self._bar, count)

    def reset(self) -> None:
        self._progress.reset(self._bar)

    def close(self) -> None:
        self._progress.stop_task(self._bar)


def _tasks(out: Screen, course: Course, names: tuple[str, ...]) -> tuple[list[Task], int]:
    """Return the named tasks, or all, and the exit code; tasks with a mistake are reported and left out."""
    found, code = [], PASSED
    for name in names or course.task_names():
        try:
            found.append(course.task(name))
        except UsageError:
            if names:
                raise
            out.error(f"error: the folder tasks/{name} has a name that is not allowed: rename it")
            code = INFRASTRUCTURE
        except TaskError as error:
            out.error(f"error: {error}")
            code = INFRASTRUCTURE
    return found, code


def _describe(found: Found) -> str:
    words = {
        "official": "the official file",
        "local": "a file of the instructor's own",
        "damaged": "damaged: not the official bytes",
        "missing": "not here",
    }
    return f"{found.path}: {words[found.state]}"
