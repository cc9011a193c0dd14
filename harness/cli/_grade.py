"""``harness grade``."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager

import click

from harness.api import Follower, GradingReport, JobOptions, KeptResults, RuleFiles, RunOptions, Selection
from harness.cli import INFRASTRUCTURE, PASSED
from harness.cli._grades_options import rule_options, show_changes, warn
from harness.cli._options import (
    cold_option,
    console,
    data_option,
    device_option,
    grading_isolation_option,
    latency_option,
    notice_printer,
    opened,
    run_options,
    seed_option,
    task_option,
)
from harness.course import Submission
from harness.grading import Event, Work
from harness.sandbox import Isolation
from harness.terminal import Screen
from harness.terminal.shown_grading import following, show_claims, show_learning, show_plan, show_table
from harness.text import count_of


@click.command()
@click.argument("folder", default="submissions", metavar="[FOLDER]")
@click.option("--jobs", type=click.IntRange(1), help="Maximum number of parallel jobs (limited by the cores).")
@click.option("--scheduler", metavar="tcp://…|local:N|slurm", help="Run the jobs on a Dask cluster.")
@rule_options
@click.option(
    "--only", multiple=True, metavar="NAME[/TASK]", help="Grade only these; * and ? are patterns. Repeatable."
)
@task_option
@click.option("--force", "keep", flag_value="force", default="reuse", help="Evaluate unchanged submissions again.")
@click.option("--dry-run", is_flag=True, help="List what would be done and why, without doing it.")
@click.option(
    "--audit-learning/--no-audit-learning",
    default=True,
    show_default=True,
    envvar="HARNESS_AUDIT_LEARNING",
    show_envvar=True,
    help="Test afterwards whether the best score of each task, and those that look unusual, were learned from the data "
    "given to `fit`. This takes about seven fits for each, or more if something looks wrong. Unchanged ones are not "
    "tested again.",
)
@run_options(data_option("real"), seed_option, device_option, latency_option, grading_isolation_option, cold_option)
def grade(  # noqa: PLR0913, PLR0917 - one argument an option
    folder: str,
    jobs: int | None,
    scheduler: str | None,
    rules: RuleFiles,
    only: tuple[str, ...],
    task: str | None,
    keep: KeptResults,
    dry_run: bool,
    audit_learning: bool,
    run: RunOptions,
) -> int:
    """Grade a class: every submission in FOLDER. Unchanged submissions are not evaluated again.

    The exit code is 0 if everybody has been graded, whatever the grades.
    """
    out = console()
    course, selection = opened((folder,)), Selection(folder=folder, only=only, task=task)
    follower = _ShownGrading(out, every=dry_run)
    if dry_run:
        course.plan_grading(selection, rules=rules, run=run, keep=keep, follower=follower)
        return PASSED
    report = course.grade(
        selection,
        rules=rules,
        run=run,
        jobs=JobOptions(jobs=jobs, scheduler=scheduler),
        keep=keep,
        learning="audit" if audit_learning else "skip",
        follower=follower,
    )
    has_roster = rules.roster is not None
    show_table(out, report.summaries, report.gradebook, has_roster=has_roster)
    show_claims(out, report.claims)
    if has_roster and report.work.jobs:  # repeated, because the jobs have printed much since
        warn(out, report.gradebook.mismatch.lines())
    show_changes(out, report.kept)
    show_learning(out, report.learning)
    out.conclude(_verdict(report))
    return PASSED if report.complete else INFRASTRUCTURE


class _ShownGrading(Follower):
    """Shows the progress on a screen; with `every`, the plan lists each job by name."""

    def __init__(self, out: Screen, *, every: bool) -> None:
        self._out, self._every, self._notify = out, every, notice_printer()

    def notice(self, text: str) -> None:
        self._out.print(text)

    def left_out(self, text: str) -> None:
        self._out.print(f"left out: {text}", style="yellow")

    def warned(self, text: str) -> None:
        warn(self._out, [text])

    def isolated(self, isolation: Isolation) -> None:
        self._out.print(f"isolation: {isolation}")

    def planned(self, work: Work) -> None:
        show_plan(self._out, work, every=self._every)

    def testing(self, submission: Submission, why: str) -> None:
        self._out.print(f"testing whether it was learned here: {submission} ({why})")

    def not_done(self, submission: Submission, error: Exception) -> None:
        warn(self._out, [f"{submission}: the audit of learning failed: {error}"])

    def grading(self, total: int) -> AbstractContextManager[Callable[[Event], None]]:
        return following(self._out, total, self._notify)


def _verdict(report: GradingReport) -> str:
    work = report.work
    total = len(work.jobs) + len(work.kept)
    kept = f", {len(work.kept)} of them kept" if work.kept else ""
    by_task, missing = report.failed_by_task, report.failed_by_infrastructure
    parts = [f"graded: {len(report.summaries)} of {total}{kept}"]
    parts += [f"{by_task} not graded because of a mistake in their task (fix it)"] if by_task else []
    parts += [f"{missing} failed by the infrastructure (run the same command again)"] if missing else []
    if work.obstacles:
        parts.append(f"{count_of(len(work.obstacles), 'task or submission', 'tasks or submissions')} cannot be graded")
    parts += [f"{count_of(len(report.left_out), 'folder', 'folders')} left out"] if report.left_out else []
    parts += [f"{report.not_graded} not graded, and blank in every export"] if report.not_graded else []
    return "; ".join(parts)
