"""Options and helpers that several commands share."""

from __future__ import annotations

import dataclasses
import functools
import logging
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import click

from harness.api import OpenCourse, RunOptions
from harness.cli._common import common_options
from harness.course import Course, current_folder
from harness.errors import UsageError
from harness.evaluation import Settings
from harness.sandbox import Level, Notify, Requirement
from harness.terminal import Screen

_log = logging.getLogger(__name__)
_F = TypeVar("_F", bound=Callable[..., object])
_LEVELS = "|".join(level.value for level in reversed(Level))
_RUN_OPTIONS = tuple(field.name for field in dataclasses.fields(RunOptions))
_GRADES = Level.LANDLOCK.value
"""The weakest isolation that is accepted for grades by default."""

task_option = click.option("--task", metavar="TASK", help="Only this task.")


def task_names(command: Callable[..., int]) -> Callable[..., int]:
    """Let `command` take the names of any number of tasks as `names`, as arguments or with ``--task``."""

    @click.argument("names", nargs=-1, metavar="[TASK]…")
    @click.option("--task", metavar="TASK", help="Only this task; the same as TASK.")
    @functools.wraps(command)
    def with_names(names: tuple[str, ...], task: str | None, **options: Any) -> int:
        return command((*names, *([] if task is None else [task])), **options)

    return with_names


def task_name(command: Callable[..., int]) -> Callable[..., int]:
    """Let `command` take the name of one task as `name`, as an argument or with ``--task``."""

    @click.argument("name", required=False, metavar="TASK")
    @click.option("--task", metavar="TASK", help="The task; the same as TASK.")
    @functools.wraps(command)
    def with_name(name: str | None, task: str | None, **options: Any) -> int:
        given = {one for one in (name, task) if one is not None}
        if len(given) != 1:
            raise click.UsageError(f"Name one task, as TASK or with --task TASK: {len(given)} are named.")
        return command(given.pop(), **options)

    return with_name


seed_option = click.option(
    "--seed", type=click.IntRange(0, 2**32 - 1), default=0, show_default=True, help="Base of all random seeds."
)
device_option = click.option(
    "--device",
    type=click.Choice(["cpu", "cuda"]),
    default="cpu",
    show_default=True,
    help="What models may compute on. With cuda each job has one GPU for itself.",
)
latency_option = click.option(
    "--latency-seconds",
    type=click.FloatRange(0.001, 30),
    default=Settings.latency_seconds,
    show_default=True,
    envvar="HARNESS_LATENCY_SECONDS",
    show_envvar=True,
    help="The longest time to measure latency. Measuring stops earlier once the ratio to the yardstick is known to "
    "2 %. At least 64 requests are timed.",
)
cold_option = click.option(
    "--cold",
    "start",
    flag_value="cold",
    default="warm",
    help="Start every worker as a new process. By default workers are forked from one that has imported the libraries.",
)


def data_option(default: str) -> Callable[[_F], _F]:
    """Return the option that chooses the source of data, with the same meaning in every command."""
    return click.option(
        "--data",
        type=click.Choice(["auto", "real", "canonical", "local", "embedded"]),
        default=default,
        show_default=True,
        help="Source of the data. auto: the first one available; real: the first one that is not an embedded stand-in.",
    )


def run_options(*options: Callable[[Callable[..., int]], Callable[..., int]]) -> Callable[..., Callable[..., int]]:
    """Add `options`, which decide how submissions are run; the command gets their values together, as `run`."""

    def add(command: Callable[..., int]) -> Callable[..., int]:
        @functools.wraps(command)
        def with_run(*arguments: Any, **given: Any) -> int:
            chosen = {name: given.pop(name) for name in _RUN_OPTIONS if name in given}
            return command(*arguments, run=RunOptions(**chosen), **given)

        for option in reversed(options):
            with_run = option(with_run)
        return with_run

    return add


class _IsolationLevel(click.ParamType):  # type: ignore[type-arg,unused-ignore] # generic since click 8.3
    """A level of isolation, or ``exactly:`` and a level."""

    name = "LEVEL"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        try:
            return str(Requirement.parse(str(value)))
        except UsageError as error:
            self.fail(str(error), param, ctx)


def isolation_option(default: str | None = None) -> Callable[[_F], _F]:
    """Return the option that chooses the isolation, with the same meaning in every command."""
    otherwise = "the best one available is used" if default is None else f"weaker than {default} is refused"
    return click.option(
        "--isolation",
        type=_IsolationLevel(),
        default=default,
        metavar=f"[{_LEVELS}]",
        help=f"Weakest level of isolation to accept (exactly:LEVEL for that level alone). By default {otherwise}.",
    )


grading_isolation_option = isolation_option(_GRADES)


def output_option(what: str, *, folder: bool = False, default: str | None = None) -> Callable[[_F], _F]:
    """Return the option that chooses where something is written."""
    return click.option(
        "--output",
        "-o",
        type=click.Path(path_type=Path, file_okay=not folder, dir_okay=folder),
        default=default,
        show_default=default is not None,
        help=what,
    )


def opened(paths: Sequence[str] = ()) -> OpenCourse:
    """Open the course named by ``-C``, otherwise that of the current folder, otherwise that of the first path."""
    common = common_options()
    start = current_folder() if common.directory is None else common.directory
    try:
        folders = Course.find(start)
    except UsageError:
        if common.directory is not None or not paths or not Path(paths[0]).exists():
            raise
        start = Path(paths[0])
        folders = Course.find(start)
    _log.info("The course is %s, found from %s.", folders.root, start)
    return OpenCourse(folders, common.data_root, common.fork_servers)


def course_if_any() -> Course | None:
    """Return the course named by ``-C``, otherwise that of the current folder; None outside of a course.

    Raises:
        UsageError: ``-C`` names a folder of no course.
    """
    named = common_options().directory
    try:
        return Course.find(named or current_folder())
    except UsageError:
        if named is not None:
            raise
        return None


def notice_printer() -> Notify:
    """Return a function that prints notices on standard error, each different notice once."""
    seen: set[str] = set()

    def tell(notice: str) -> None:
        if notice not in seen:
            seen.add(notice)
            console(stderr=True).print(notice, style="yellow")

    return tell


def console(*, stderr: bool = False) -> Screen:
    """Return a console for the output of the running command; a terminal breaks lines between words only."""
    screen = Screen(stderr=stderr, markup=False, highlight=False, emoji=False, quiet=common_options().quiet)
    screen.soft_wrap = not screen.is_terminal
    return screen
