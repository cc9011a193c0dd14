"""Render a result as Markdown for the step summary and the comment; text from students is shown as code."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence

from tabulate import tabulate

from harness.ci._ci_result import FileFinding, Former, Graded, LoggedQuantity, Place, Result, Teaching
from harness.record import Failure, PublicScore, Score, to_reach
from harness.text import code_block, code_span, neutral_html, neutral_line, neutral_markdown

SUMMARY_BYTES = 1_000_000
"""GitHub accepts 1 MiB per step."""
COMMENT_BYTES = 60_000
"""GitHub accepts 65,536 characters per comment."""
_FINDINGS, _LOG_CHARACTERS = 20, 4_000
_BARS, _MOST_BARS = "▁▂▃▄▅▆▇█", 40
_COLOURS = {"blue": "#2f81d0", "orange": "#d9722e"}
"""Both can be seen on white and on black."""
_NO_WORD = re.compile(r"[^\w-]+")
_STATUS = {
    "passed": "✅ passed",
    "below_baseline": "⚠️ below the baseline",
    "failed": "❌ failed",
    "withheld": "☑️ evaluated, withheld until the final board",
}


def result_markdown(result: Result, most_bytes: int) -> str:
    """Return `result` as Markdown of at most `most_bytes` bytes. It says how many parts were left out."""
    text, left_out = "", 0
    closing = _closing(result)
    room = most_bytes - len(closing.encode()) - 100
    for part in _parts(result):
        if len(text.encode()) + len(part.encode()) + 2 > room:
            left_out += 1
        else:
            text += part + "\n\n"
    if left_out:
        text += f"{left_out} more parts do not fit here; the result file has them.\n\n"
    return text + closing + "\n"


def _parts(result: Result) -> Iterator[str]:
    yield f"## {headline(result)}"
    if result.findings:
        yield _findings(result.findings)
    if result.graded:
        yield _table(result)
    for graded in result.graded:
        if graded.record.failure is not None:
            yield _failure(graded, graded.record.failure)
        if graded.teaching != Teaching():
            yield _teaching(graded, shown=" open" if len(result.graded) == 1 else "")
    if result.problems:
        lines = [f"- {code_span(one.who)}: {code_span(one.message)}" for one in result.problems]
        yield "\n".join(["Could not be evaluated, through no fault of the submission:", "", *lines])
    if result.deleted:
        yield f"Deleted, so not evaluated: {', '.join(map(code_span, result.deleted))}."


def headline(result: Result) -> str:
    """Return the outcome on one line, without any text from a student."""
    if result.refused:
        return "Refused: the change goes beyond a submission"
    if not result.graded and not result.problems:
        return "No submission to evaluate"
    passed = sum(one.record.status == "passed" for one in result.graded)
    below = sum(one.record.status == "below_baseline" for one in result.graded)
    failed = sum(one.record.status == "failed" for one in result.graded)
    withheld = sum(one.record.status == "withheld" for one in result.graded)
    rest = f", {withheld} withheld until the final board" if withheld else ""
    problems = f", {len(result.problems)} could not be evaluated" if result.problems else ""
    return f"{passed} passed, {below} below baseline, {failed} failed{rest}{problems}"


def _findings(findings: tuple[FileFinding, ...]) -> str:
    lines = [
        f"- {'❌' if one.severity == 'error' else '⚠️'} {code_span(one.path)}{f' line {one.line}' if one.line else ''}: "
        f"{code_span(one.message)}"
        for one in findings[:_FINDINGS]
    ]
    if len(findings) > _FINDINGS:
        lines.append(f"- and {len(findings) - _FINDINGS} more")
    return "\n".join(lines)


def _table(result: Result) -> str:
    header = ["submission", "outcome", "score", "before", "baseline", "rank", "points"]
    rows = [_row(graded) for graded in result.graded]
    return tabulate(rows, header, tablefmt="github", disable_numparse=True)


def _row(graded: Graded) -> list[str]:
    record = graded.record
    name = code_span(record.submission.name)
    if graded.renamed_from is not None:
        name += f" (was {code_span(graded.renamed_from)})"
    outcome = _STATUS[record.status] + (f" (unchanged since {code_span(record.run.started)})" if graded.reused else "")
    score = record.primary
    points = "" if graded.points is None else f"{round(graded.points.earned, 2):g} of {graded.points.most:g}"
    return [
        f"{name}<br>{code_span(record.task.name)}",
        outcome,
        _public(record.public_score) if score is None else f"{code_span(score.name)}<br>{_score(score)}",
        "" if score is None or graded.former is None else _before(score, graded.former),
        _baseline(graded),
        "" if graded.place is None else _place(graded.place),
        points,
    ]


def _public(score: PublicScore | None) -> str:
    return "" if score is None else f"{code_span(score.name)}<br>{score.value:.4g} (public score)"


def _score(score: Score) -> str:
    return _unbroken(f"{score.value:.4f} ± {(score.high - score.low) / 2:.4f}")


def _baseline(graded: Graded) -> str:
    base, score = graded.record.baseline, graded.record.primary
    shown = score or graded.record.public_score
    higher = shown is None or shown.higher_is_better
    met = {None: "withheld" if graded.record.status == "withheld" else "not reached", True: "met", False: "not met"}[
        base.met
    ]
    p_value = "" if base.p_value is None else f"<br>({_unbroken(f'p {base.p_value:.2g}')})"
    return f"{_unbroken(to_reach(base.value, strict=base.strict, higher_is_better=higher))}: {met}{p_value}"


def _before(score: Score, former: Former) -> str:
    differs = "" if former.p_value <= 0.05 else ", cannot be told apart"
    change = _unbroken(f"{score.value - former.score.value:+.4f} (p {former.p_value:.2g}")
    return f"{_score(former.score)}<br>{change}{differs})"


def _unbroken(text: str) -> str:
    """Return a text that stays on one line in a narrow column."""
    return text.replace(" ", "\N{NO-BREAK SPACE}")


def _place(place: Place) -> str:
    ranks = f"{place.low}" if place.low == place.high else f"{place.low}\N{EN DASH}{place.high}"
    return f"{ranks} of {place.of}"


def _failure(graded: Graded, failure: Failure) -> str:
    who = f"{graded.record.submission.name} · {graded.record.task.name}"
    where = "" if failure.file is None else f" at {code_span(f'{failure.file}:{failure.line or 1}')}"
    lines = [
        f"### {code_span(who)}: {code_span(failure.kind)} in {code_span(failure.phase)}{where}",
        "",
        code_span(failure.message),
    ]
    if failure.log_tail.strip():
        lines += ["", "What it printed last:", "", code_block(failure.log_tail[-_LOG_CHARACTERS:])]
    return "\n".join(lines)


def _teaching(graded: Graded, shown: str) -> str:
    """Return what can be learned.

    No platform shows a picture that stands in the text of a comment, but GitHub and GitLab draw Mermaid; the table
    tells the same where nothing is drawn.
    """
    taught = graded.teaching
    name = neutral_html(neutral_line(f"{graded.record.submission.name} · {graded.record.task.name}"))
    lines = [f"<details{shown}><summary>What can be learned: <code>{name}</code></summary>", ""]
    lines += [
        f"- {neutral_markdown(one.seen)} {neutral_markdown(one.advice)} ({code_span(one.code)})"
        for one in taught.lessons
    ]
    if taught.logged:
        rows = [
            [
                code_span(one.name),
                _sparkline(one.values),
                f"{one.values[0]:.4g}" if one.values else "",
                f"{one.last:.4g}",
            ]
            for one in taught.logged
        ]
        lines += [*([""] if taught.lessons else []), *_diagram(taught.logged)]
        lines += [tabulate(rows, ["logged", "course", "first", "last"], tablefmt="github", disable_numparse=True)]
    if taught.confused:
        rows = [
            [code_span(one.true), code_span(one.predicted), f"{one.count} of {one.of}"]
            for one in taught.confused[:_FINDINGS]
        ]
        lines += ["", tabulate(rows, ["true class", "taken for", "items"], tablefmt="github", disable_numparse=True)]
    return "\n".join([*lines, "", "</details>"])


def _diagram(logged: Sequence[LoggedQuantity]) -> list[str]:
    """Return the first quantity as a Mermaid diagram, with that of the other part; nothing if it is not finite."""
    first = logged[0]
    label = first.name.rpartition(" (")[0]
    same = [one for one in logged if one.name.startswith(f"{label} (") and len(one.values) == len(first.values)]
    lines = [(one, [value for value in one.values if math.isfinite(value)]) for one in same[: len(_COLOURS)]]
    lines = [(one, values) for one, values in lines if len(values) == len(first.values) > 1]
    if not lines:
        return []
    legend = ", ".join(
        f"{_word(one.name.removeprefix(label))} in {colour}" for (one, _), colour in zip(lines, _COLOURS, strict=False)
    )
    return [
        "```mermaid",
        "---",
        "config:",
        "  xyChart: {width: 640, height: 280}",
        "  themeVariables:",
        f'    xyChart: {{backgroundColor: transparent, plotColorPalette: "{", ".join(_COLOURS.values())}"}}',
        "---",
        "xychart-beta",
        f'  title "{_word(label)}: {legend}"',
        f'  x-axis "from the first to the last report" 1 --> {len(first.values)}',
        *(f"  line [{', '.join(f'{value:.5g}' for value in values)}]" for _, values in lines),
        "```",
        "",
    ]


def _word(name: str) -> str:
    """Return a name that a student wrote without any sign that means something in a diagram."""
    return _NO_WORD.sub(" ", name).strip()[:40] or "values"


def _sparkline(values: Sequence[float]) -> str:
    finite = [value for value in values if math.isfinite(value)]
    if not finite:
        return ""
    low, spread = min(finite), (max(finite) - min(finite)) or 1.0
    return "".join(_BARS[round((value - low) / spread * (len(_BARS) - 1))] for value in finite[:_MOST_BARS])


def _closing(result: Result) -> str:
    commits = f"{code_span(result.head[:12])} with the tasks and the harness of {code_span(result.base[:12])}"
    if not result.graded:
        return f"This is {commits}."
    part = {
        "validation": "Scores are on the validation part. The test part is not used, so that nobody can tune for it.",
        "test": "Scores are on the test part.",
    }[result.score_on]
    isolation = code_span(result.isolation or "unknown")
    return f"{part} Intervals are 95 % and cover sampling only. Evaluated {commits}, isolation: {isolation}."
