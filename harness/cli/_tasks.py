"""``harness tasks``."""

from __future__ import annotations

import os

import click
from rich.console import Console

from harness.api import OpenCourse
from harness.bundled import chosen_tasks, copy_tasks
from harness.cli import FAILED, INFRASTRUCTURE, PASSED
from harness.cli._common import Group
from harness.cli._options import console, course_if_any, data_option, opened, task_name, task_names, task_option
from harness.cli._tasks_available import show_available
from harness.contract import Baseline, Limits, Task, interval_of
from harness.data import DataChoice, Places
from harness.errors import HarnessError
from harness.record import to_reach
from harness.taskcheck import Outcome
from harness.terminal.shown_samples import draw_samples
from harness.terminal.shown_tasks import TaskRow, print_tasks
from harness.text import count_of

_MARKS: dict[Outcome, tuple[str, str]] = {
    "passed": ("✓", "green"),
    "mistake": ("✗", "red"),
    "doubt": ("!", "yellow"),
    "skipped": ("-", "dim"),
}
"""The mark and the colour of each outcome of a check."""


class _TaskCommands(Group):
    """A group that suggests ``harness tasks show TASK`` if the name of a task is given in place of a command."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            if "Did you mean" in error.message:
                raise
            raise click.UsageError(f"{error.message} For one task: harness tasks show {args[0]}", ctx) from error


@click.group(cls=_TaskCommands, invoke_without_command=True)
@task_option
@click.option(
    "--available",
    is_flag=True,
    help="List the tasks that come with the harness or a plug-in, and whether copies in this course differ.",
)
@click.pass_context
def tasks(ctx: click.Context, task: str | None, available: bool) -> int:
    """List the tasks with their kinds, metrics and baselines."""
    if ctx.invoked_subcommand is not None:
        if task is not None:
            command = f"harness tasks {ctx.invoked_subcommand}"
            raise click.UsageError(f"Write --task after the command: {command} --task {task}")
        return PASSED
    out = console()
    if available:
        return show_available(out, course_if_any(), Places.of(os.environ))
    course = opened().folders
    broken = [
        f"{folder} has no task.py: write one, or move the folder away" for folder in course.folders_without_task()
    ]
    rows: list[TaskRow] = []
    for name in course.task_names() if task is None else [course.task(task).name]:
        try:
            declared = course.task(name)
        except HarnessError as error:
            broken.append(str(error))
            continue
        rows.append(TaskRow(name, declared.kind_name, declared.primary.name, _baselines(declared), declared.title))
    print_tasks(out, rows)
    for text in broken:
        out.error(f"error: {text}")
    mistaken = f"{len(broken)} with a mistake" if broken else "none with a mistake"
    out.conclude(f"{count_of(len(rows), 'task', 'tasks')}, {mistaken}; harness tasks show TASK for one")
    return INFRASTRUCTURE if broken else PASSED


@tasks.command("show")
@task_name
@data_option("auto")
def show_task(name: str, data: DataChoice) -> int:
    """Show one task: its sources, split, metrics, rules and limits, and samples of the data on this machine."""
    out, opened_course = console(), opened()
    course = opened_course.folders
    task = course.task(name)
    out.print(f"{name}: {task.title}", style="bold")
    _rows(out, _facts(task))
    for source in task.sources:
        out.print(f"\n{source.kind}: {source.title}")
        counts = "as the files say" if source.counts is None else "/".join(map(str, source.counts))
        base = source.baseline
        _rows(
            out,
            [
                ("items", f"{counts} (train/validation/test)" if source.counts else counts),
                (
                    "baseline",
                    f"{_to_reach(task, base)}{base.note and f' ({base.note})'}",
                ),
                ("licence", source.licence),
            ],
        )
    _show_data(out, opened_course, task, data)
    return PASSED


@tasks.command("add")
@click.argument("names", nargs=-1, required=True, metavar="TASK…")
def add_tasks(names: tuple[str, ...]) -> int:
    """Copy tasks that come with the harness, or a plug-in that course.toml names, into this course.

    Their references come with them. Existing files are not replaced. `harness tasks --available` lists them.
    """
    out, course = console(), opened().folders
    chosen = chosen_tasks(",".join(names), course)
    for path in copy_tasks(course, chosen):
        out.print(f"wrote {path}")
    out.conclude(f"next: harness tasks show {chosen[0]}")
    return PASSED


@tasks.command("check")
@task_names
@click.option("--references", is_flag=True, help="Evaluate the references that baselines name, and compare them.")
def check_tasks(names: tuple[str, ...], references: bool) -> int:
    """Check tasks for their authors. By default, all tasks.

    Checks the declaration, the data on this machine (counts, groups, duplicates, order of labels), `perturb`, the
    metrics, the hand-out, the place of private parts, and whether baselines agree with the records of their
    references. Mistakes are marked ✗, doubts !. Nothing is downloaded; only --references trains models.

    The exit code is 1 if there is a mistake.
    """
    out, course = console(), opened()
    mistakes = sum(_checked(out, course, name, references=references) for name in names or course.tasks)
    out.conclude(f"{count_of(mistakes, 'mistake', 'mistakes')} found" if mistakes else "no mistake was found")
    return FAILED if mistakes else PASSED


def _checked(out: Console, course: OpenCourse, name: str, *, references: bool) -> int:
    """Print the findings about one task, and return the number of mistakes."""
    mistakes = 0
    with out.status(f"{name}: checking"):
        for finding in course.check_task(name, references=references):
            mark, style = _MARKS[finding.outcome]
            out.print(f"  {mark} {name}: {finding.text}", style=style)
            mistakes += finding.outcome == "mistake"
    return mistakes


def _show_data(out: Console, course: OpenCourse, task: Task, choice: DataChoice) -> None:
    """Show the data on this machine, without downloading any."""
    try:
        with out.status(f"{task.name}: loading data"):
            found = course.datasets.describe(task.name, data=choice)
    except HarnessError as error:
        out.print(f"\nno data here: {error}")
        return
    out.print(f"\non this machine: {found.source} data; scored on {found.scored_on}")
    for part in found.parts:
        counts = "".join(f"  {name} {count}" for name, count in part.classes.items())
        out.print(f"  {part.name:<12} {part.items:>6}{counts}")
    draw_samples(out, task, found.train)


def _facts(task: Task) -> list[tuple[str, str]]:
    shape = "text" if task.inputs.shape is None else f"{task.inputs.shape} {task.inputs.dtype}"
    if task.inputs.low is not None or task.inputs.high is not None:
        shape += f" in {interval_of(task.inputs.low, task.inputs.high)}"
    metrics = ", ".join(
        f"{m.name} ({'higher' if m.higher_is_better else 'lower'} is better{m.unit and ', ' + m.unit})"
        for m in task.metrics
    )
    return [
        ("kind", task.kind_name),
        ("predict", f"returns {task.kind_definition.returns}"),
        ("one input", shape),
        ("classes", ", ".join(task.classes) or "none"),
        ("split", task.split),
        ("metrics", f"{metrics}; the first ranks"),
        ("rules", "; ".join(rule.text for rule in task.rules) or "none"),
        ("points", ", ".join(f"{points:g} at {score:g}" for score, points in task.points) or "none"),
        ("test labels", "private" if task.private_test else "public"),
        ("weights", "may be shipped" if task.weights == "allowed" else "are trained by the grader"),
        ("limits", _limits(task.limits)),
        ("assets", ", ".join(file.name for file in task.assets) or "none"),
    ]


def _limits(limits: Limits) -> str:
    gib, mib, kib = 1 << 30, 1 << 20, 1 << 10
    return (
        f"import {limits.import_seconds:g} s, fit {limits.fit_cpu_seconds:g} s, save {limits.save_seconds:g} s and "
        f"load {limits.load_seconds:g} s of CPU (three times as much in all), "
        f"predict {limits.predict_seconds:g} s, memory {limits.memory_bytes / gib:g} GiB, "
        f"{limits.processes} processes, scratch {limits.scratch_bytes / gib:g} GiB, "
        f"artifact {limits.artifact_bytes / mib:g} MiB, shipped data {limits.shipped_bytes / kib:g} KiB, "
        f"parameters {'free' if limits.parameters is None else f'{limits.parameters:,}'}"
    )


def _rows(out: Console, rows: list[tuple[str, str]]) -> None:
    for label, value in rows:
        out.print(f"  {label:<12} {value}")


def _baselines(task: Task) -> str:
    parts = {_to_reach(task, source.baseline): source.kind for source in reversed(task.sources)}
    return ", ".join(f"{text} ({kind})" for text, kind in reversed(parts.items()))


def _to_reach(task: Task, baseline: Baseline) -> str:
    return to_reach(baseline.value, strict=baseline.strict, higher_is_better=task.metrics[0].higher_is_better)
