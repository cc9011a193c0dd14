"""``harness check``."""

from __future__ import annotations

from collections import Counter
from contextlib import closing
from pathlib import Path

import click
from rich.console import Console

from harness.cli import FAILED, INFRASTRUCTURE, PASSED
from harness.cli._options import (
    any_data,
    console,
    course_at,
    data_root,
    fork_servers,
    name_repositories,
    places,
    teller,
)
from harness.course import Submission
from harness.data import DataChoice
from harness.errors import HarnessError, SubmissionError
from harness.evaluation import Evaluator, Settings
from harness.sandbox import find_sandbox
from harness.text import neutral_line

_SIGNS = {"passed": ("✓", "green"), "warned": ("!", "yellow"), "failed": ("✗", "red"), "skipped": ("-", "dim")}


@click.command()
@click.argument("paths", nargs=-1, required=True, metavar="PATH…")
@click.option("--task", help="Only this task of each submission.")
@any_data
@data_root
def check(paths: tuple[str, ...], task: str | None, data: DataChoice, data_root: Path | None) -> int:
    """Try submissions against the contract on a small sample; no test score comes of it."""
    out = console()
    course = course_at(paths)
    submissions = dict.fromkeys(s for path in paths for s in course.submissions(path, task))
    name_repositories(out, course, submissions)
    where = places(data_root)
    tally: Counter[str] = Counter()
    reasons: list[str] = []
    errors = 0
    hidden = [course.root, *where.all()]
    with closing(find_sandbox(hidden, fork_servers=fork_servers("warm"), notify=teller())) as sandbox:
        evaluator = Evaluator(course, sandbox, where, Settings(data=data, weights="retrain"))
        for submission in submissions:
            try:
                _one(out, evaluator, submission, tally, reasons)
            except (HarnessError, OSError) as error:
                errors += 1
                out.print(f"  error: {error}", style="red")
    verdict = ", ".join(f"{tally[name]} {name}" for name in _SIGNS if tally[name] or name == "passed")
    verdict += f", {errors} could not be checked" if errors else ""
    out.print(verdict + (f": {'; '.join(dict.fromkeys(reasons))}" if reasons else ""))
    if errors:
        return INFRASTRUCTURE
    return FAILED if tally["failed"] else PASSED


def _one(out: Console, evaluator: Evaluator, submission: Submission, tally: Counter[str], reasons: list[str]) -> None:
    out.print(f"{submission}", style="bold")
    for result in evaluator.check(submission):
        sign, style = _SIGNS[result.outcome]
        tally[result.outcome] += 1
        reason = f": {neutral_line(result.reason)}" if result.reason else ""
        out.print(f"  {sign} {result.name}{_where(result.error)}{reason}", style=style)
        if result.outcome == "skipped":
            reasons.append(f"{result.name} ({result.reason})")


def _where(error: SubmissionError | None) -> str:
    if error is None or error.file is None:
        return ""
    return f" ({neutral_line(error.file)}{'' if error.line is None else f':{error.line}'})"
