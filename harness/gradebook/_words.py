"""Describe grades in words, for feedback, exports and tables."""

from __future__ import annotations

from harness.gradebook._gradebook import MISSING, NOT_GRADED, Entry
from harness.text import count_of


def describe(entry: Entry) -> str:
    """Describe in one line how a grade came about: the score or why there is none, lateness, instructors' decisions."""
    parts = [_result(entry)]
    if late := describe_lateness(entry):
        parts.append(late)
    if entry.reason:
        parts.append(f"by hand ({entry.adjustment:+g}): {entry.reason}" if entry.adjustment else entry.reason)
    return "; ".join(filter(None, parts))


def describe_lateness(entry: Entry) -> str:
    """Describe the lateness, the source of the time, and the deduction; '' for work that was on time."""
    if not entry.days_late:
        return ""
    grace = f", {count_of(entry.grace_days, 'grace day', 'grace days')} among them" if entry.grace_days else ""
    cost = f", costs {count_of(entry.penalty, 'point', 'points')}" if entry.penalty else ", costs nothing"
    return f"{count_of(entry.days_late, 'day', 'days')} late ({entry.source}){grace}{cost}"


def _result(entry: Entry) -> str:
    if entry.status == MISSING:
        return "nothing was handed in"
    if entry.status == NOT_GRADED:
        return f"not graded: {entry.note}"
    if entry.score is None:
        return f"failed: {entry.note}"
    earned = "" if entry.points is None or entry.maximum is None else f", {entry.points:.2f} points"
    return f"score {entry.score:.4f}{earned}" + (f"; {entry.note}" if entry.note else "")
