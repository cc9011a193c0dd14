"""``harness check``."""

from __future__ import annotations

from collections import Counter
from contextlib import AbstractContextManager

import click

from harness.api import Checks, Follower, RunOptions
from harness.cli import FAILED, INFRASTRUCTURE, PASSED
from harness.cli._options import (
    cold_option,
    console,
    data_option,
    isolation_option,
    notice_printer,
    opened,
    run_options,
    task_option,
)
from harness.course import Submission
from harness.errors import SubmissionError
from harness.evaluation import Check
from harness.terminal import Screen
from harness.terminal.shown_progress import waiting
from harness.text import neutral_line

_SIGNS = {"passed": ("✓", "green"), "warned": ("!", "yellow"), "failed": ("✗", "red"), "skipped": ("-", "dim")}


@click.command()
@click.argument("paths", nargs=-1, required=True, metavar="PATH…")
@task_option
@run_options(data_option("auto"), cold_option, isolation_option())
def check(paths: tuple[str, ...], task: str | None, run: RunOptions) -> int:
    """Try submissions against the contract on a small sample, without computing a test score."""
    out = console()
    checks = opened(paths).check(*paths, task=task, run=run, follower=_ShownCheck(out))
    out.conclude(_verdict(checks))
    if checks.not_done:
        return INFRASTRUCTURE
    return PASSED if checks.passed else FAILED


class _ShownCheck(Follower):
    """Shows the progress on a screen."""

    def __init__(self, out: Screen) -> None:
        self._out, self._notify = out, notice_printer()

    def notice(self, text: str) -> None:
        self._notify(text)

    def left_out(self, text: str) -> None:
        self._out.print(f"left out: {text}", style="yellow")

    def checking(self, submission: Submission) -> None:
        self._out.print(f"{submission}", style="bold")

    def trying(self, submission: Submission, name: str, limit: str) -> AbstractContextManager[object]:
        shown = name if self._out.is_terminal else f"{submission}: {name}"
        return waiting(self._out, shown, limit and f"stopped after {limit}", self._notify)

    def checked(self, submission: Submission, check: Check) -> None:  # noqa: ARG002 - Follower's signature
        sign, style = _SIGNS[check.outcome]
        reason = f": {neutral_line(check.reason)}" if check.reason else ""
        self._out.print(f"  {sign} {check.name}{_where(check.error)}{reason}", style=style)

    def not_done(self, submission: Submission, error: Exception) -> None:  # noqa: ARG002 - likewise
        self._out.error(f"  error: {error}")


def _verdict(checks: Checks) -> str:
    every = [check for one in checks.done for check in one.checks]
    tally = Counter[str](check.outcome for check in every)
    reasons = dict.fromkeys(f"{check.name} ({check.reason})" for check in every if check.outcome == "skipped")
    text = ", ".join(f"{tally[name]} {name}" for name in _SIGNS if tally[name] or name == "passed")
    text += f", {len(checks.not_done)} could not be checked" if checks.not_done else ""
    return text + (f": {'; '.join(reasons)}" if reasons else "")


def _where(error: SubmissionError | None) -> str:
    if error is None or error.file is None:
        return ""
    return f" ({neutral_line(error.file)}{'' if error.line is None else f':{error.line}'})"
