"""``harness ci``."""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

import click
import msgspec

from harness.api import Follower, RunOptions
from harness.ci import (
    COMMENT_BYTES,
    SUMMARY_BYTES,
    Change,
    ChangePolicy,
    FileFinding,
    Outside,
    Repository,
    Result,
    headline,
    junit_suites,
    on_github,
    result_markdown,
    runner_lines,
    silenced,
    tell_runner,
)
from harness.cli import FAILED, INFRASTRUCTURE, PASSED
from harness.cli._options import (
    cold_option,
    console,
    data_option,
    grading_isolation_option,
    latency_option,
    notice_printer,
    opened,
    run_options,
)
from harness.course import Submission
from harness.evaluation import Observer, Remarks
from harness.export.junit import junit_xml
from harness.files import write_atomically
from harness.record import ScoredOn
from harness.sandbox import Isolation
from harness.terminal import Screen
from harness.terminal.shown_progress import watching
from harness.terminal.shown_record import show_record
from harness.text import neutral_output


@click.command()
@click.option(
    "--base",
    required=True,
    metavar="REF",
    help="The commit that the change is to be merged into. Tasks and records come from it.",
)
@click.option("--head", default="HEAD", show_default=True, metavar="REF", help="The commit with the change.")
@click.option("--author", metavar="NAME", help="The only person whose submissions may change. By default, anybody's.")
@click.option(
    "--outside",
    type=click.Choice(["refuse", "report"]),
    default="refuse",
    show_default=True,
    help="What to do if the change touches anything but submissions/.",
)
@click.option(
    "--score-on",
    type=click.Choice(["validation", "test"]),
    default="validation",
    show_default=True,
    help="Part to score on. Students would optimise for test scores shown after every push.",
)
@run_options(data_option("real"), latency_option, grading_isolation_option, cold_option)
@click.option(
    "--summary",
    type=click.Path(path_type=Path),
    help="Where to write the summary, as Markdown. By default .harness/ci/summary.md.",
)
@click.option(
    "--junit", type=click.Path(path_type=Path), help="Where to write JUnit XML. By default .harness/ci/junit.xml."
)
@click.option(
    "--comment",
    type=click.Path(path_type=Path),
    help="Where to write the text of a comment. By default .harness/ci/comment.md.",
)
def ci(  # noqa: PLR0913, PLR0917 - one argument an option
    base: str,
    head: str,
    author: str | None,
    outside: Outside,
    score_on: ScoredOn,
    run: RunOptions,
    summary: Path | None,
    junit: Path | None,
    comment: Path | None,
) -> int:
    """Evaluate the submissions that a change touches.

    Tasks and records come from the base, submissions from the head, both as committed. The work tree is ignored.
    """
    out, course = console(), opened()
    folder = course.folders.private / "ci"
    files = _Files(
        result=folder / "result.json",
        junit=junit or folder / "junit.xml",
        summary=summary or folder / "summary.md",
        comment=comment or folder / "comment.md",
    )
    shown = _ShownChange(out)
    with silenced(os.environ, click.echo):
        policy = ChangePolicy(outside, author)
        result = course.changes.evaluate(base, head, policy=policy, score_on=score_on, run=run, follower=shown)
        _show_findings(out, result.findings[shown.findings :])
        _write(files, result)
        _show(out, result)
    if on_github(os.environ):
        tell_runner(os.environ, result_markdown(result, SUMMARY_BYTES), result)
        for line in runner_lines(result, Repository.of(course.root).prefix):
            click.echo(line)
    out.conclude(headline(result))
    if result.problems:
        return INFRASTRUCTURE
    return PASSED if result.good else FAILED


@dataclass(frozen=True, kw_only=True)
class _Files:
    """The files to which the result is written, one for each format."""

    result: Path
    junit: Path
    summary: Path
    comment: Path


class _ShownChange(Follower):
    """Shows what a change touches, and the progress of each evaluation."""

    def __init__(self, out: Screen) -> None:
        self._out, self._notify = out, notice_printer()
        self.findings = 0
        """The number of findings about the change that have been shown."""

    def changed(self, change: Change) -> None:
        for touched in change.touched:
            self._out.print(f"{touched}: {touched.how}" + (f" from {touched.former}" if touched.former else ""))
        _show_findings(self._out, change.findings)
        self.findings = len(change.findings)

    def notice(self, text: str) -> None:
        self._notify(text)

    def isolated(self, isolation: Isolation) -> None:
        self._out.print(f"isolation: {isolation}")

    def evaluating(self, submission: Submission) -> AbstractContextManager[Observer]:
        return watching(self._out, str(submission))


def _show_findings(out: Screen, findings: Iterable[FileFinding]) -> None:
    for finding in findings:
        out.print(f"{finding.severity}: {_where(finding)}{neutral_output(finding.message)}")


def _where(finding: FileFinding) -> str:
    return f"{neutral_output(finding.path)}{f':{finding.line}' if finding.line else ''}: "


def _write(files: _Files, result: Result) -> None:
    write_atomically(files.result, msgspec.json.format(msgspec.json.encode(result), indent=2) + b"\n")
    write_atomically(files.junit, junit_xml(junit_suites(result)))
    write_atomically(files.summary, result_markdown(result, SUMMARY_BYTES).encode())
    write_atomically(files.comment, result_markdown(result, COMMENT_BYTES).encode())


def _show(out: Screen, result: Result) -> None:
    for graded in result.graded:
        if graded.reused:
            out.print(
                f"\n{graded.record.submission.name}: unchanged, the record of {graded.record.run.started} is valid"
            )
        show_record(out, graded.record, None, Remarks())
    for problem in result.problems:
        out.error(f"error: {problem.who}: {neutral_output(problem.message)}")
