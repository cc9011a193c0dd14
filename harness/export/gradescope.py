"""Gradescope's ``results.json``: numbers that are numbers, and nothing shown before its time."""

from __future__ import annotations

import math
from typing import Any, Literal

import msgspec

from harness.export._checks import Check, checks_of
from harness.record import Record
from harness.text import neutral

Visibility = Literal["hidden", "after_due_date", "after_published", "visible"]

_MOST_CHARACTERS = 10_000


class Leader(msgspec.Struct, frozen=True, kw_only=True):
    """One column of the leaderboard, which every student sees."""

    name: str
    value: float
    order: Literal["asc", "desc"]


class CheckResult(msgspec.Struct, frozen=True, kw_only=True):
    """One check."""

    name: str
    status: Literal["passed", "failed"]
    output: str
    visibility: Visibility
    name_format: Literal["text"] = "text"
    output_format: Literal["text"] = "text"


class Results(msgspec.Struct, frozen=True, kw_only=True):
    """All that Gradescope reads."""

    score: float
    execution_time: float
    output: str
    tests: tuple[CheckResult, ...] = ()
    leaderboard: tuple[Leader, ...] = ()
    extra_data: dict[str, Any] = {}
    visibility: Visibility = "visible"
    stdout_visibility: Visibility = "hidden"
    output_format: Literal["text"] = "text"
    test_output_format: Literal["text"] = "text"
    test_name_format: Literal["text"] = "text"


def results_of(record: Record, share: float, total: float) -> Results:
    """Return the results for `record`, which earns `share` of the assignment's `total` points.

    What tells a test score (the baseline's check, the total, the leaderboard's score) is shown after the grades are
    published; a score on validation is shown at once.
    """
    secret = record.task.scored_on == "test"
    return Results(
        score=round(share * total, 4),
        execution_time=round(record.run.seconds, 3),
        output=_cut(_overview(record)),
        tests=tuple(_test(check, secret=secret) for check in checks_of(record)),
        leaderboard=tuple(_leaders(record, with_scores=not secret)),
        extra_data={
            "run": record.run.id,
            "submission": record.submission.digest,
            "isolation": record.run.isolation.level,
            "harness": record.run.harness_version,
        },
        visibility="after_published" if secret else "visible",
    )


def results_of_problem(message: str) -> Results:
    """Return the results of a run that could not grade, which is nobody's submission's fault."""
    words = f"This could not be graded, through no fault of the submission. Tell the staff.\n\n{neutral(message)}"
    return Results(score=0, execution_time=0, output=_cut(words))


def results_json(results: Results) -> bytes:
    """Return `results` as JSON.

    Raises:
        ValueError: a number is none that JSON knows.
    """
    numbers = [results.score, results.execution_time, *(leader.value for leader in results.leaderboard)]
    if not all(map(math.isfinite, numbers)):
        raise ValueError(f"not all of {numbers} are numbers to JSON")
    return msgspec.json.format(msgspec.json.encode(results), indent=2) + b"\n"


def _overview(record: Record) -> str:
    """Return what may be seen at once: how far it came, on what, and the last words of a failure."""
    on = f"{record.task.scored_on} part, {record.task.source} data; model {record.submission.mode}"
    lines = [f"{record.task.name}: scored on the {on}."]
    if record.failure is not None:
        failure = record.failure
        where = "" if failure.file is None else f" ({failure.file}:{failure.line or 1})"
        lines += [f"{failure.kind} in {failure.phase}{where}: {failure.message}"]
        lines += ["", failure.log_tail] if failure.log_tail.strip() else []
    elif record.task.scored_on == "validation":
        lines += [
            f"{score.name}: {score.value:.4f} (95 %: {score.low:.4f} to {score.high:.4f})" for score in record.scores
        ]
    return neutral("\n".join(lines))


def _test(check: Check, *, secret: bool) -> CheckResult:
    tells_score = secret and check.name == "beats baseline"
    words = {"passed": check.message, "skipped": f"not reached: {check.message}"}.get(
        check.outcome, f"{check.kind}: {check.message}"
    )
    return CheckResult(
        name=check.name,
        status="passed" if check.outcome == "passed" else "failed",
        output=_cut(neutral(words)),
        visibility="after_published" if tells_score else "visible",
    )


def _leaders(record: Record, *, with_scores: bool) -> list[Leader]:
    leaders = [
        Leader(name=score.name, value=score.value, order="desc" if score.higher_is_better else "asc")
        for score in record.scores
        if with_scores and score.primary
    ]
    latency = record.cost.latency
    if record.cost.parameters is not None and record.status != "failed":
        leaders.append(Leader(name="parameters", value=record.cost.parameters, order="asc"))
    if latency is not None and latency.ratio_to_yardstick is not None and record.status != "failed":
        leaders.append(Leader(name="latency / yardstick", value=round(latency.ratio_to_yardstick, 3), order="asc"))
    return leaders


def _cut(text: str) -> str:
    return text if len(text) <= _MOST_CHARACTERS else f"… {text[-_MOST_CHARACTERS:]}"
