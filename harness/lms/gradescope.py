"""Gradescope: read its export of submissions, and write its ``results.json``, which reveals nothing too early."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import PurePosixPath
from typing import Any, Literal

import msgspec
import yaml

from harness.export import ReportedCheck, checks_of
from harness.gradebook import Roster
from harness.lms._members import Member, Refused, why_skipped
from harness.lms._uploads import Parsed, Skipped, System, Upload, strip_wrapper, unread
from harness.lms.gradescope_quota import RELEASED, EarlierHandIns
from harness.record import Record
from harness.text import count_of, neutral

Visibility = Literal["hidden", "after_due_date", "after_published", "visible"]

_MOST_CHARACTERS = 10_000


_METADATA = "submission_metadata.yml"
_METADATA_BYTES = 64 << 20
_FOLDER = re.compile(r"submission_\d+")


class _ExportedSubmission(msgspec.Struct, frozen=True):
    """The metadata of one submission in the export."""

    who: str
    number: str
    email: str
    created: datetime | None


def parse(members: Sequence[Member], roster: Roster | None) -> list[Parsed]:
    """Read ``submission_123/…`` of an export; its ``submission_metadata.yml`` names the people."""
    del roster
    pairs = strip_wrapper(members, _FOLDER.fullmatch)
    known = next((_metadata(member) for member, path in pairs if path.name == _METADATA), {})
    return [_read(member, path, known) for member, path in pairs]


SYSTEM = System("gradescope", "Gradescope", parse)


def _read(member: Member, path: PurePosixPath, known: Mapping[str, _ExportedSubmission]) -> Parsed:
    if reason := why_skipped(member.path):
        return Skipped(member, reason)
    if path.name == _METADATA:
        return Skipped(member, "Gradescope's table of contents")
    if len(path.parts) == 1 or not _FOLDER.fullmatch(path.parts[0]):
        return unread(member, "Gradescope")
    one = known.get(path.parts[0])
    return Upload(
        member=member,
        who=path.parts[0] if one is None else one.who,
        number=path.parts[0].removeprefix("submission_") if one is None else one.number,
        email="" if one is None else one.email,
        path=PurePosixPath(*path.parts[1:]),
        moment=None if one is None else one.created,
    )


def _metadata(member: Member) -> dict[str, _ExportedSubmission]:
    """Return the people of each submission. The keys in the file are Ruby's symbols, which begin with colons."""
    try:
        content = yaml.safe_load(member.read(_METADATA_BYTES))
    except (yaml.YAMLError, Refused, UnicodeDecodeError):
        return {}
    found = {}
    for name, facts in _plain(content).items():
        people = [_plain(one) for one in facts.get("submitters", ())] if isinstance(facts, dict) else []
        if people:
            created = facts.get("created_at")
            found[name] = _ExportedSubmission(
                " and ".join(str(one.get("name", "")) for one in people),
                str(people[0].get("sid") or people[0].get("email") or name.removeprefix("submission_")),
                str(people[0].get("email") or ""),
                created if isinstance(created, datetime) else None,
            )
    return found


def _plain(mapping: object) -> dict[str, Any]:
    """Return a mapping without the colons of Ruby's symbols."""
    if not isinstance(mapping, dict):
        return {}
    return {str(key).strip(":"): _plain(value) if isinstance(value, dict) else value for key, value in mapping.items()}


# results


class Leader(msgspec.Struct, frozen=True, kw_only=True):
    """One column of the leaderboard, which every student sees."""

    name: str
    value: float
    order: Literal["asc", "desc"]


class CheckResult(msgspec.Struct, frozen=True, kw_only=True):
    """The result of one check."""

    name: str
    status: Literal["passed", "failed"]
    output: str
    visibility: Visibility
    name_format: Literal["text"] = "text"
    output_format: Literal["text"] = "text"


class Results(msgspec.Struct, frozen=True, kw_only=True):
    """The content of ``results.json``."""

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


def results_of(record: Record, share: float, total: float, public: Record | None = None) -> Results:
    """Return the results for `record`, which earns `share` of the assignment's `total` points.

    Whatever reveals a test score (the check of the baseline, the total, the score on the leaderboard) is shown after
    the grades are published; a validation score is shown at once. `public` is the record as it may be shown before
    that, which differs from `record` if the Ladder withholds results on a private part.
    """
    public = public or record
    secret = record.task.scored_on == "test"
    return Results(
        score=round(share * total, 4),
        execution_time=round(record.run.seconds, 3),
        output=_cut(_overview(public)),
        tests=tuple(
            _test(check, tells_score=secret and (check.name == "beats baseline" or check not in checks_of(public)))
            for check in checks_of(record)
        ),
        leaderboard=tuple(_leaders(public, with_scores=not secret)),
        extra_data={
            "run": record.run.id,
            "submission": record.submission.digest,
            "isolation": record.run.isolation.level,
            "scored": bool(record.scores),
            "harness": record.run.harness_version,
            **({} if public.public_score is None else {RELEASED: msgspec.to_builtins(public.public_score)}),
        },
        visibility="after_published" if secret else "visible",
    )


def results_over_quota(before: EarlierHandIns, quota: int) -> Results:
    """Return the results of a hand-in that is not scored, because the task's quota for the day is used up."""
    words = (
        f"Nothing was scored: {count_of(before.today, 'hand-in was', 'hand-ins were')} scored today, and the task "
        f"allows {quota} a day. The previous result is valid for this hand-in, too. Hand in again tomorrow."
    )
    return Results(
        score=before.score,
        execution_time=0,
        output=words,
        extra_data={} if before.released is None else {RELEASED: msgspec.to_builtins(before.released)},
        visibility="after_published",
    )


def results_of_problem(message: str) -> Results:
    """Return the results of a run that could not grade, through no fault of the submission."""
    words = f"This could not be graded, through no fault of the submission. Tell the staff.\n\n{neutral(message)}"
    return Results(score=0, execution_time=0, output=_cut(words))


def results_of_refusal(reason: str) -> Results:
    """Return the results of a hand-in that cannot be graded because it is unclear whose work it is."""
    return Results(score=0, execution_time=0, output=_cut(neutral(f"Nothing was graded: {reason}.")))


def results_json(results: Results) -> bytes:
    """Return `results` as JSON.

    Raises:
        ValueError: JSON cannot express one of the numbers.
    """
    numbers = [results.score, results.execution_time, *(leader.value for leader in results.leaderboard)]
    if not all(map(math.isfinite, numbers)):
        raise ValueError(f"JSON cannot express all of {numbers}")
    return msgspec.json.format(msgspec.json.encode(results), indent=2) + b"\n"


def _overview(record: Record) -> str:
    """Return the text that is shown at once: the data, the public scores, and a failure with its message."""
    on = f"{record.task.scored_on} part, {record.task.source} data; model {record.submission.mode}"
    lines = [f"{record.task.name}: scored on the {on}."]
    if record.failure is not None:
        failure = record.failure
        where = "" if failure.file is None else f" ({failure.file}:{failure.line or 1})"
        lines += [f"{failure.kind} in {failure.phase}{where}: {failure.message}"]
        lines += ["", failure.log_tail] if failure.log_tail.strip() else []
    elif record.public_score_note:
        lines += [f"{record.public_score_note[0].upper()}{record.public_score_note[1:]}."]
    elif record.task.scored_on == "validation":
        lines += [
            f"{score.name}: {score.value:.4f} (95 %: {score.low:.4f} to {score.high:.4f})" for score in record.scores
        ]
    return neutral("\n".join(lines))


def _test(check: ReportedCheck, *, tells_score: bool) -> CheckResult:
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
    if record.public_score is not None:
        public = record.public_score
        order: Literal["asc", "desc"] = "desc" if public.higher_is_better else "asc"
        leaders.append(Leader(name=f"public {public.name}", value=public.value, order=order))
    latency = record.cost.latency
    if record.cost.parameters is not None and record.status != "failed":
        leaders.append(Leader(name="parameters", value=record.cost.parameters, order="asc"))
    if latency is not None and latency.ratio_to_yardstick is not None and record.status != "failed":
        leaders.append(Leader(name="latency / yardstick", value=round(latency.ratio_to_yardstick, 3), order="asc"))
    return leaders


def _cut(text: str) -> str:
    return text if len(text) <= _MOST_CHARACTERS else f"… {text[-_MOST_CHARACTERS:]}"
