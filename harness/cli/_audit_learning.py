"""``harness audit learning``."""

from __future__ import annotations

from collections import Counter

import click

from harness.api import Follower, RunOptions
from harness.cli import FAILED, INFRASTRUCTURE, PASSED
from harness.cli._options import (
    cold_option,
    console,
    data_option,
    device_option,
    grading_isolation_option,
    notice_printer,
    opened,
    run_options,
    seed_option,
    task_option,
)
from harness.course import Submission
from harness.learning import Learning
from harness.terminal import Screen
from harness.text import neutral_line

_SIGNS = {"passed": ("✓", "green"), "warned": ("!", "yellow"), "failed": ("✗", "red"), "no verdict": ("-", "dim")}


@click.command()
@click.argument("paths", nargs=-1, metavar="[PATH]…")
@task_option
@run_options(data_option("real"), seed_option, device_option, grading_isolation_option, cold_option)
def learning(paths: tuple[str, ...], task: str | None, run: RunOptions) -> int:
    """Test whether scores come from learning from the data given to `fit`. Takes about seven fits for each submission.

    Without PATH, the best submission of each task on the leaderboard is tested, and those that look unusual.
    """
    out = console()
    shown = _ShownLearning(out)
    found = opened(paths).audits.learning(*paths, task=task, run=run, follower=shown)
    if not found and not shown.errors:
        out.conclude("nothing to test: no submission on the leaderboard was trained and reached its baseline")
        return PASSED
    tally = Counter[str](one.outcome for one in found.values())
    counts = [f"{tally[name]} {name}" for name in _SIGNS if tally[name]]
    counts += [f"{shown.errors} could not be tested"] if shown.errors else []
    out.conclude(f"{', '.join(counts)}; look at what was found before you judge")
    if shown.errors:
        return INFRASTRUCTURE
    return FAILED if tally["failed"] else PASSED


class _ShownLearning(Follower):
    """Shows the progress on a screen, and counts the submissions that could not be tested."""

    def __init__(self, out: Screen) -> None:
        self._out, self._notify = out, notice_printer()
        self.errors = 0

    def notice(self, text: str) -> None:
        self._notify(text)

    def testing(self, submission: Submission, why: str) -> None:
        self._out.print(f"{submission} ({why})", style="bold")

    def tested(self, submission: Submission, found: Learning) -> None:  # noqa: ARG002 - Follower's signature
        for trial in found.trials:
            sign, style = _SIGNS[trial.outcome]
            self._out.print(f"  {sign} {trial.name}: {neutral_line(trial.detail)}", style=style)

    def not_done(self, submission: Submission, error: Exception) -> None:  # noqa: ARG002 - likewise
        self.errors += 1
        self._out.error(f"  error: {error}")
