"""Annotations at the student's own file and line, in the syntax of GitHub's runner."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from harness.ci._ci_result import Graded, Result
from harness.text import command_message, command_property

MOST = 9
"""GitHub shows about ten errors and ten warnings per step; a last note says how many were left out."""


@dataclass(frozen=True)
class Note:
    """One annotation; `path` is relative to the repository."""

    level: Literal["error", "warning", "notice"]
    title: str
    message: str
    path: str | None = None
    line: int | None = None


def notes_of(result: Result, prefix: str = "") -> list[Note]:
    """Return the annotations for `result`: at most nine errors and nine warnings, and notes that count the others.

    `prefix` is the path of the course within the repository.
    """
    notes = [
        Note(one.severity, "harness", one.message, _in_repository(prefix, one.path), one.line)
        for one in result.findings
    ]
    notes += [note for graded in result.graded for note in _note_of(graded, prefix)]
    notes += [Note("error", f"{one.name}: not evaluated", one.message) for one in result.problems]
    return [*_capped("error", notes), *_capped("warning", notes)]


def workflow_command(note: Note) -> str:
    """Return `note` as a line that GitHub's runner reads."""
    properties = {
        "file": note.path,
        "line": None if note.path is None else str(note.line or 1),
        "title": note.title,
    }
    given = ",".join(f"{name}={command_property(value)}" for name, value in properties.items() if value is not None)
    return f"::{note.level} {given}::{command_message(note.message)}"


def _note_of(graded: Graded, prefix: str) -> Iterator[Note]:
    record = graded.record
    who = f"{record.submission.name} · {record.task.name}"
    if record.failure is not None:
        failure = record.failure
        path = None if failure.file is None else _in_repository(prefix, failure.file)
        yield Note("error", f"{who}: {failure.kind} in {failure.phase}", failure.message, path, failure.line)
    elif record.status == "below_baseline" and record.primary is not None:
        base, score = record.baseline, record.primary
        path = _in_repository(prefix, f"submissions/{record.submission.name}/{record.task.name}/model.py")
        yield Note("warning", who, f"{score.name} {score.value:.4f} does not meet the baseline {base.value:g}", path)


def _in_repository(prefix: str, path: str) -> str:
    return path.removeprefix("/") if path.startswith("/") else prefix + path


def _capped(level: Literal["error", "warning"], notes: list[Note]) -> list[Note]:
    chosen = [note for note in notes if note.level == level]
    more = len(chosen) - MOST
    if more <= 0:
        return chosen
    return [*chosen[:MOST], Note(level, "harness", f"and {more} more: see the summary")]
