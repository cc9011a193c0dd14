"""The gradebook as the commands ask for it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import msgspec
from rich.console import Console

from harness.cli._options import aliases_path, stores_of
from harness.contract import UsageError
from harness.course import Course
from harness.export.csv import gradebook_csv
from harness.files import write_atomically
from harness.grade import (
    POLICY_FILE,
    Entry,
    Policy,
    Roster,
    compile_gradebook,
    keep_gradebook,
    parse_time,
)

_SHOWN = 50


def read_rules(course: Course, roster: Path | None, deadline: str | None) -> tuple[Roster | None, Policy]:
    """Return who is in the class and what lateness costs, before anything is done.

    Raises:
        UsageError: the roster, the policy or the deadline has a mistake.
    """
    try:
        moment = None if deadline is None else parse_time(deadline)
    except ValueError as error:
        raise UsageError(f"--deadline: {error}") from error
    policy = Policy.read(course.root / POLICY_FILE, course.task_names()).with_deadline(moment)
    return None if roster is None else Roster.read(roster), policy


def gradebook(course: Course, roster: Roster | None, policy: Policy) -> tuple[Entry, ...]:
    """Return everybody's grades as they stand now."""
    return compile_gradebook(course, stores_of(course).records, roster, policy, datetime.now().astimezone())


def settle(out: Console, course: Course, entries: Sequence[Entry]) -> None:
    """Keep the gradebook and print which grades changed."""
    found = keep_gradebook(course, tuple(entries))
    path = course.private / "gradebook.csv"
    content = gradebook_csv(entries).encode()
    if not path.exists() or path.read_bytes() != content:
        write_atomically(path, content, 0o600)
    if found:
        out.print(f"{len(found)} grades changed:")
        for change in found[:_SHOWN]:
            out.print(f"  {change}")
        if len(found) > _SHOWN:
            out.print(f"  … and {len(found) - _SHOWN} more, in {path}")


def keep_aliases(course: Course, roster: Roster) -> None:
    """Let the leaderboard show the roster's aliases from now on."""
    content, path = msgspec.json.encode(roster.aliases()), aliases_path(course)
    if not path.exists() or path.read_bytes() != content:
        write_atomically(path, content, 0o600)
