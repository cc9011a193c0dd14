"""Show a grading run in a terminal: its plan, its progress and its results."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta

from rich.console import Console
from rich.live import Live
from rich.text import Text
from tabulate import tabulate

from harness.api import ComparedClaims, LearningFinding
from harness.claims import describe_agreement, describe_figures
from harness.gradebook import MISSING, NOT_GRADED, Entry, Gradebook, describe_lateness
from harness.grading import (
    Event,
    JobDone,
    JobLost,
    JobStarted,
    NoticeRaised,
    PhaseReached,
    ResultSummary,
    Work,
    describe,
    describe_summary,
)
from harness.learning import OUTCOMES
from harness.sandbox import Notify
from harness.text import neutral_line

OnEvent = Callable[[Event], None]


def show_plan(out: Console, work: Work, *, every: bool) -> None:
    """Print the number of jobs by reason; with `every`, print each job."""
    reasons = Counter(job.why for job in work.jobs)
    why = ", ".join(f"{count} {reason}" for reason, count in reasons.most_common())
    out.print(f"{len(work.jobs)} to evaluate{f' ({why})' if why else ''}, {len(work.kept)} kept")
    if every:
        for job in work.jobs:
            out.print(f"  {job}: {job.why}")


def show_table(out: Console, summaries: Sequence[ResultSummary], book: Gradebook, *, has_roster: bool) -> None:
    """Print a table of results, with a row for each person and a column for each task."""
    tasks = sorted({summary.task for summary in summaries})
    results = {(summary.name, summary.task): summary for summary in summaries}
    named = {name for name, _ in results}
    cells: dict[str, dict[str, str]] = {}
    for entry in book.entries:
        who = entry.person.submission
        row = str(entry.person) if has_roster else who
        summary = results.get((who, entry.task))
        if entry.task in tasks and (has_roster or who in named):
            cells.setdefault(row, {})[entry.task] = _cell(entry, summary)
    claimed = {entry.person.submission for entry in book.entries}
    for summary in summaries:
        if summary.name not in claimed:
            mark = " (not in the roster)" if has_roster else ""
            cells.setdefault(summary.name + mark, {})[summary.task] = describe_summary(summary)
    rows = [[neutral_line(name), *(of_one.get(task, "") for task in tasks)] for name, of_one in cells.items()]
    if rows:
        out.print(tabulate(rows, ["submission", *tasks], disable_numparse=True))


def show_claims(out: Console, compared: Sequence[ComparedClaims]) -> None:
    """Print the score that each submission claims, and those of its shipped weights and of a model trained here."""
    for one in compared:
        figures, agreement = describe_figures(one.claims), describe_agreement(one.claims)
        if not figures and not agreement:
            continue
        out.print(f"claims: {one.submission}: {'; '.join(' '.join(figure) for figure in figures) or 'none'}")
        for line in agreement:
            out.print(f"  {neutral_line(line)}")


def show_learning(out: Console, findings: Sequence[LearningFinding]) -> None:
    """Print how many of the tested submissions learned, and the findings to look at."""
    if not findings:
        return
    tally = Counter[str](one.learning.outcome for one in findings)
    counts = ", ".join(f"{tally[outcome]} {outcome}" for outcome in OUTCOMES if tally[outcome])
    open_ = [one for one in findings if one.learning.outcome in ("failed", "warned")]
    out.print(f"learned here: {counts}{'; no grade depends on it; look at these before you judge:' if open_ else ''}")
    for one in open_:
        for trial in one.learning.trials:
            if trial.outcome in ("failed", "warned"):
                text = f"  {one.submission}: {trial.name} {trial.outcome}: {trial.detail}"
                out.print(neutral_line(text), style="yellow")


def _cell(entry: Entry, summary: ResultSummary | None) -> str:
    if entry.status == NOT_GRADED:
        return NOT_GRADED if entry.final is None else f"{NOT_GRADED}, by hand {entry.final:g}"
    score = "" if entry.score is None else f" {entry.score:.4f}"
    words = entry.status + score if summary is None or entry.status == MISSING else _result(summary)
    late = describe_lateness(entry)
    by_hand = f", by hand {entry.adjustment:+g}" if entry.adjustment else ""
    points = "" if entry.final is None or entry.maximum is None else f" → {entry.final:g} of {entry.maximum:g}"
    excused = ", excused" if entry.excused else ", dropped" if entry.dropped else ""
    return words + (f", {late}" if late else "") + by_hand + excused + points


def _result(summary: ResultSummary) -> str:
    """Describe the result of a submission, without the reason of a failure, which was printed when it happened."""
    return describe_summary(replace(summary, reason=""))


@contextmanager
def following(out: Console, total: int, tell: Notify) -> Iterator[OnEvent]:
    """Yield a function that is called with events; it draws the progress on a terminal, or else prints failures.

    Notices are passed to `tell`.
    """
    progress, reported = _Progress(total), set[str]()
    if not out.is_terminal:
        yield lambda event: _say(out, tell, event, progress.take(event), reported)
        return
    # redrawn for each event and not periodically, so that the harness is idle while latency is measured
    with Live(console=out, auto_refresh=False, transient=True) as live:

        def watch(event: Event) -> None:
            _say(out, tell, event, progress.take(event), reported)
            live.update(progress.draw(), refresh=True)

        yield watch


class _Progress:
    """The running jobs, the number of finished jobs, and an estimate of the remaining time."""

    def __init__(self, total: int) -> None:
        self._total, self._done = total, 0
        self._running: dict[str, str] = {}
        self._begin = time.monotonic()

    def take(self, event: Event) -> str:
        """Update the progress for `event`, and return it as text."""
        name = str(event.job)
        match event:
            case JobStarted():
                self._running[name] = "started"
            case PhaseReached(_, phase):
                self._running[name] = phase
            case JobDone() | JobLost():
                self._running.pop(name, None)
                self._done += isinstance(event, JobDone) or event.final
        return f"{self._done}/{self._total}"

    def draw(self) -> Text:
        """Return one line for the whole and one for each job."""
        elapsed = time.monotonic() - self._begin
        left = elapsed / self._done * (self._total - self._done) if self._done else None
        when = "" if left is None else f", about {timedelta(seconds=round(left))} left"
        lines = [f"{self._done}/{self._total} graded in {timedelta(seconds=round(elapsed))}{when}"]
        return Text("\n".join([*lines, *(f"  {name} · {phase}" for name, phase in self._running.items())]))


def _say(out: Console, tell: Notify, event: Event, far: str, reported: set[str]) -> None:
    """Print notices and failures as they happen; a mistake in a task, which affects everybody, is printed once."""
    if isinstance(event, NoticeRaised):
        tell(event.notice)
    elif isinstance(event, JobLost):
        known = event.cause == "task" and event.problem in reported
        reported.add(event.problem)
        text = f"{event.job}: not graded, for the same reason" if known else describe(event)
        out.print(f"[{far}] {neutral_line(text)}", style="red")
    elif isinstance(event, JobDone) and event.result.record.status == "failed":
        out.print(f"[{far}] {neutral_line(describe(event))}")
