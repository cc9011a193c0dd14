"""``harness evaluate``."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import click
import msgspec
from rich.console import Console

from harness.cli import FAILED, INFRASTRUCTURE, PASSED
from harness.cli._options import (
    any_data,
    cold,
    console,
    course_at,
    data_root,
    device,
    fork_servers,
    latency_seconds,
    name_repositories,
    places,
    rebuild_board,
    teller,
)
from harness.cli._progress import watching
from harness.cli._result import show, verdict
from harness.course import Course, Submission
from harness.data import DataChoice
from harness.errors import HarnessError, TaskError, UsageError
from harness.evaluation import Device, Evaluation, Evaluator, Observer, Settings, TaskInUse
from harness.files import write_atomically
from harness.record import Record, to_plain
from harness.sandbox import Level, Start, find_sandbox

Policy = Literal["reuse", "force", "no_store"]


@click.command()
@click.argument("paths", nargs=-1, required=True, metavar="PATH…")
@click.option("--task", help="Only this task of each submission.")
@any_data
@data_root
@click.option("--seed", type=click.IntRange(0, 2**32 - 1), default=0, show_default=True, help="Base of all seeds.")
@click.option(
    "--repeats",
    type=click.IntRange(1, 100),
    default=1,
    show_default=True,
    help="Train so often, with other seeds; the score is the mean.",
)
@device
@latency_seconds
@click.option("--retrain", is_flag=True, help="Train even where weights/ was shipped.")
@click.option("--force", is_flag=True, help="Evaluate again what has not changed.")
@click.option("--no-store", is_flag=True, help="Write no record, touch no leaderboard.")
@cold
@click.option("--isolation", type=click.Choice([level.value for level in Level]), help="Exactly this level.")
@click.option("--json", "json_file", metavar="FILE|-", help="Write the records as a JSON list; - for stdout alone.")
def evaluate(  # noqa: PLR0913, PLR0917 - one argument an option
    paths: tuple[str, ...],
    task: str | None,
    data: DataChoice,
    data_root: Path | None,
    seed: int,
    repeats: int,
    device: Device,
    latency_seconds: float,
    retrain: bool,
    force: bool,
    no_store: bool,
    start: Start,
    isolation: str | None,
    json_file: str | None,
) -> int:
    """Evaluate submissions: a person's folder (all its tasks) or PATH/<task>."""
    out = console(stderr=json_file == "-")
    course = course_at(paths)
    submissions = _unique(s for path in paths for s in course.submissions(path, task))
    name_repositories(out, course, submissions)
    where = places(data_root)
    settings = Settings(
        data=data,
        seed=seed,
        repeats=repeats,
        weights="retrain" if retrain else "load",
        device=device,
        latency_seconds=latency_seconds,
    )
    policy: Policy = "no_store" if no_store else "force" if force else "reuse"
    wanted = None if isolation is None else Level(isolation)
    with closing(find_sandbox([course.root, *where.all()], wanted, fork_servers(start), teller())) as sandbox:
        out.print(f"isolation: {sandbox.isolation}")
        tally = _Evaluations(course, Evaluator(course, sandbox, where, settings), policy, out).all(submissions)
    if json_file is not None:
        _write_json(json_file, tally.records)
    return tally.finish(out)


@dataclass
class _Tally:
    """Records so far, and errors of ours."""

    records: list[Record]
    errors: int = 0

    def finish(self, out: Console) -> int:
        """Print the verdict, return the exit code."""
        good = [record for record in self.records if record.status == "passed"]
        if len(self.records) == 1 and not self.errors:
            out.print(verdict(self.records[0]))
        else:
            below = sum(record.status == "below_baseline" for record in self.records)
            failed = sum(record.status == "failed" for record in self.records)
            errors = f", {self.errors} could not be evaluated" if self.errors else ""
            out.print(f"{len(good)} passed, {below} below baseline, {failed} failed{errors}")
        if self.errors:
            return INFRASTRUCTURE
        return PASSED if len(good) == len(self.records) else FAILED


class _Evaluations:
    """Evaluates submissions one after the other; one that cannot be evaluated does not stop the rest."""

    def __init__(self, course: Course, evaluator: Evaluator, policy: Policy, out: Console) -> None:
        self._course, self._evaluator, self._policy, self._out = course, evaluator, policy, out
        self._introduced: set[str] = set()
        self._told: set[str] = set()

    def all(self, submissions: list[Submission]) -> _Tally:
        tally = _Tally([])
        for submission in submissions:
            try:
                tally.records.append(self._one(submission))
            except UsageError:
                raise
            except (HarnessError, OSError) as error:
                known = isinstance(error, TaskError) and str(error) in self._told
                self._told.add(str(error))
                problem = "not evaluated, for the same reason" if known else str(error)
                self._out.print(f"error: {submission}: {problem}", style="red")
                tally.errors += 1
        return tally

    def _one(self, submission: Submission) -> Record:
        self._introduce(submission.task)
        with watching(self._out, str(submission)) as observer:
            evaluation = self._how()(submission, observer)
        record = evaluation.record
        if evaluation.how == "reused":
            self._out.print(f"{submission}: unchanged, the record of {record.run.started} stands (--force to redo)")
        if evaluation.set_aside is not None:
            self._out.print(
                f"the former record could not be read; it is kept as {evaluation.set_aside}", style="yellow"
            )
        if self._policy == "no_store":
            show(self._out, record, None, evaluation.remarks)
            return record
        board = rebuild_board(self._course)
        show(self._out, record, board, evaluation.remarks, evaluation.output)
        for bad in board.unreadable:
            if str(bad.path) not in self._told:
                self._told.add(str(bad.path))
                self._out.print(f"warning: {bad}: restore or remove it", style="yellow")
        return record

    def _how(self) -> Callable[[Submission, Observer], Evaluation]:
        return {
            "reuse": self._evaluator.evaluate_if_changed,
            "force": self._evaluator.evaluate_and_store,
            "no_store": self._evaluator.evaluate,
        }[self._policy]

    def _introduce(self, task: str) -> None:
        """Say once where a task's data comes from, before anything is run on it."""
        if task in self._introduced:
            return
        with self._out.status(f"{task}: loading data"):
            used = self._evaluator.tasks.task(task)
        self._introduced.add(task)
        for line in describe_data(used):
            self._out.print(line)


def describe_data(used: TaskInUse) -> list[str]:
    """Say which data it is, and why not a better one."""
    task, facts = used.task, used.facts
    source = task.sources[facts.source]
    lines = [f"{task.name}: {source.kind} data, {source.title}; scored on {facts.scored_on}"]
    if source.kind == "embedded" and facts.passed_over:
        lines.append(f"  for practice, because {'; '.join(facts.passed_over)}")
    if task.private_test and facts.scored_on == "validation":
        lines.append("  the test part is private and not on this machine: scores are on validation")
    return lines


def _unique(submissions: Iterable[Submission]) -> list[Submission]:
    return list(dict.fromkeys(submissions))


def _write_json(file: str, records: list[Record]) -> None:
    content = msgspec.json.format(msgspec.json.encode([to_plain(record) for record in records]), indent=2) + b"\n"
    if file == "-":
        sys.stdout.buffer.write(content)
        sys.stdout.flush()
    else:
        write_atomically(Path(file), content)
