"""``harness evaluate``."""

from __future__ import annotations

import sys
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import click
import msgspec

from harness.api import Evaluations, Follower, Keep, RunOptions, TrainingOptions
from harness.cli import FAILED, INFRASTRUCTURE, PASSED
from harness.cli._options import (
    cold_option,
    console,
    data_option,
    device_option,
    isolation_option,
    latency_option,
    notice_printer,
    opened,
    run_options,
    seed_option,
    task_option,
)
from harness.course import Submission
from harness.errors import TaskError
from harness.evaluation import Evaluation, Observer, TaskInUse
from harness.files import write_atomically
from harness.leaderboard import Board
from harness.record import Record, to_plain
from harness.sandbox import Isolation
from harness.terminal import Screen
from harness.terminal.shown_progress import watching
from harness.terminal.shown_record import show_record, verdict


@click.command()
@click.argument("paths", nargs=-1, required=True, metavar="PATH…")
@task_option
@click.option(
    "--repeats",
    type=click.IntRange(1, 100),
    default=1,
    show_default=True,
    help="How many times to train, each time with another seed. The score is the mean.",
)
@click.option(
    "--retrain",
    "weights",
    flag_value="retrain",
    default="load",
    help="Train even if weights/ was shipped.",
)
@click.option(
    "--claims",
    flag_value="compare",
    default="ignore",
    help="Compare the claimed score with those of the shipped weights and of a model trained here. Results do not "
    "depend on it.",
)
@click.option("--force", is_flag=True, help="Evaluate unchanged submissions again.")
@click.option("--no-store", is_flag=True, help="Write no record and leave the leaderboard alone.")
@run_options(data_option("auto"), seed_option, device_option, latency_option, cold_option, isolation_option())
@click.option(
    "--output",
    "-o",
    "--json",
    "json_file",
    metavar="FILE|-",
    help="Write the records as a JSON list to FILE, or - to standard output.",
)
def evaluate(
    paths: tuple[str, ...],
    task: str | None,
    run: RunOptions,
    force: bool,
    no_store: bool,
    json_file: str | None,
    **training: Any,
) -> int:
    """Evaluate submissions: the folder of a person (all tasks) or PATH/<task>.

    Trains or loads each model in isolation, measures it, writes its record and rebuilds leaderboard/.
    """
    out = console(stderr=json_file == "-")
    keep: Keep = "no_store" if no_store else "force" if force else "reuse"
    course = opened(paths)
    evaluations = course.evaluate(
        *paths,
        task=task,
        run=run,
        training=TrainingOptions(**training),
        keep=keep,
        follower=_ShownEvaluation(out),
    )
    if json_file is not None:
        _write_json(json_file, evaluations.records)
    if keep != "no_store" and any(one.how == "evaluated" for one in evaluations.done):
        out.print(f"written: {course.folders.leaderboard} (--no-store leaves it alone)")
    return _finish(out, evaluations)


class _ShownEvaluation(Follower):
    """Shows the progress on a screen."""

    def __init__(self, out: Screen) -> None:
        self._out, self._notify = out, notice_printer()
        self._reported: set[str] = set()

    def notice(self, text: str) -> None:
        self._notify(text)

    def left_out(self, text: str) -> None:
        self._out.print(f"left out: {text}", style="yellow")

    def isolated(self, isolation: Isolation) -> None:
        self._out.print(f"isolation: {isolation}")

    def loading(self, task: str) -> AbstractContextManager[object]:
        return self._out.status(f"{task}: loading data")

    def loaded(self, used: TaskInUse) -> None:
        for line in _describe_data(used):
            self._out.print(line)

    def evaluating(self, submission: Submission) -> AbstractContextManager[Observer]:
        return watching(self._out, str(submission))

    def evaluated(self, evaluation: Evaluation, board: Board | None) -> None:
        record, out = evaluation.record, self._out
        if evaluation.how == "reused":
            when = record.run.started
            out.print(f"{evaluation.submission}: unchanged, the record of {when} is valid (--force evaluates again)")
        if evaluation.set_aside is not None:
            out.print(f"the former record could not be read; it is kept as {evaluation.set_aside}", style="yellow")
        show_record(out, record, board, evaluation.remarks, evaluation.output)
        for bad in () if board is None else board.unreadable:
            if str(bad.path) not in self._reported:
                self._reported.add(str(bad.path))
                out.print(f"warning: {bad}: restore or remove it", style="yellow")

    def not_done(self, submission: Submission, error: Exception) -> None:
        known = isinstance(error, TaskError) and str(error) in self._reported
        self._reported.add(str(error))
        self._out.error(f"error: {submission}: {'not evaluated, for the same reason' if known else error}")


def _describe_data(used: TaskInUse) -> list[str]:
    """Describe the data, and why no better source is used."""
    task, facts = used.task, used.facts
    source = task.sources[facts.source]
    lines = [f"{task.name}: {source.kind} data, {source.title}; scored on {facts.scored_on}"]
    if source.kind == "embedded" and facts.passed_over:
        lines.append(f"  for practice, because {'; '.join(facts.passed_over)}")
    if task.private_test and facts.scored_on == "validation":
        lines.append("  the test part is private and not on this machine: scores are on validation")
    return lines


def _finish(out: Screen, evaluations: Evaluations) -> int:
    """Print the verdict and return the exit code."""
    records, errors = evaluations.records, len(evaluations.not_done)
    if len(records) == 1 and not errors:
        out.conclude(verdict(records[0]))
    else:
        passed, below, failed, withheld = (
            sum(record.status == status for record in records)
            for status in ("passed", "below_baseline", "failed", "withheld")
        )
        more = f", {withheld} withheld until the final board" if withheld else ""
        more += f", {errors} could not be evaluated" if errors else ""
        out.conclude(f"{passed} passed, {below} below baseline, {failed} failed{more}")
    if errors:
        return INFRASTRUCTURE
    return PASSED if evaluations.passed else FAILED


def _write_json(file: str, records: list[Record]) -> None:
    content = msgspec.json.format(msgspec.json.encode([to_plain(record) for record in records]), indent=2) + b"\n"
    if file == "-":
        sys.stdout.buffer.write(content)
        sys.stdout.flush()
    else:
        write_atomically(Path(file), content)
