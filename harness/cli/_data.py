"""``harness data``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import click
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

from harness.api import Follower, OpenCourse
from harness.cli import FAILED, INFRASTRUCTURE, PASSED
from harness.cli._common import Group
from harness.cli._options import console, data_option, opened, output_option, task_name, task_names
from harness.contract import Canonical, File, Task
from harness.data import Bars, DataChoice, DownloadBar, Found, Withheld, no_bars
from harness.interactive import write_parts
from harness.terminal import Screen
from harness.text import count_of


@click.group(cls=Group)
def data() -> None:
    """List, fetch and verify the tasks' data; keep test parts private."""


@data.command("list")
@task_names
def list_data(names: tuple[str, ...]) -> int:
    """List the sources of each task's data, their licences, and the files on this machine."""
    out, course = console(), opened()
    where = course.places
    tasks, code = _tasks(out, course, names)
    for task in tasks:
        out.print(f"{task.name}: {task.title}", style="bold")
        for source in task.sources:
            out.print(f"  {source.kind:<10} {source.title}; {source.licence}")
        for asset in task.assets:
            out.print(f"  {'asset':<10} {asset.name}; {asset.licence}")
        for found in course.datasets.files(task.name):
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
    out, course = console(), opened()
    tasks, code = _tasks(out, course, names)
    course.datasets.fetch([task.name for task in tasks], follower=_ShownDownload(out))
    out.conclude("all official files are in the cache")
    return code


@data.command()
@task_names
def verify(names: tuple[str, ...]) -> int:
    """Check the digests of the files on this machine. Files that the instructor supplied are reported as such."""
    out, course = console(), opened()
    tasks, code = _tasks(out, course, names)
    here = [found for task in tasks for found in course.datasets.files(task.name) if found.state != "missing"]
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
def private(name: str, data: DataChoice, keep: Withheld) -> int:
    """Write TASK's private test part to $HARNESS_PRIVATE/TASK/, made from the data on this machine."""
    out = console()
    made = opened().datasets.write_private_test(name, keep=keep, data=data, follower=_ShownLoading(out))
    out.print(f"{made.path}: {keep} of {made.items} test items, from {made.source} data; keep it out of git")
    return PASSED


class _ShownLoading(Follower):
    """Shows that data are loaded."""

    def __init__(self, out: Screen) -> None:
        self._out = out

    def loading(self, task: str) -> AbstractContextManager[object]:
        return self._out.status(f"{task}: loading data")


class _ShownDownload(Follower):
    """Shows each download, its licence, and where it was stored."""

    def __init__(self, out: Screen) -> None:
        self._out = out

    def downloading(self, task: Task, item: Canonical | File) -> AbstractContextManager[Bars]:
        what = f"asset {item.name}" if isinstance(item, File) else item.title
        self._out.print(f"{task.name}: {what}; {item.licence}")
        return download_bars(self._out)

    def downloaded(self, item: Canonical | File, path: Path) -> None:
        self._out.print(f"  {path}" if isinstance(item, File) else f"  in {path}")


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
    def total(self) -> float:  # pooch sets it once the server has sent the size
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


def _tasks(out: Screen, course: OpenCourse, names: tuple[str, ...]) -> tuple[Sequence[Task], int]:
    """Print why tasks do not load; return those that do, and the exit code."""
    loaded = course.load_tasks(*names)
    for error in loaded.errors:
        out.error(f"error: {error}")
    return loaded.tasks, INFRASTRUCTURE if loaded.errors else PASSED


def _describe(found: Found) -> str:
    words = {
        "official": "the official file",
        "local": "the instructor's own file",
        "damaged": "damaged: not the official bytes",
        "missing": "not here",
    }
    return f"{found.path}: {words[found.state]}"
