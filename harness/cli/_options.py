"""Pieces that several commands share."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from filelock import FileLock
from rich.console import Console

from harness.contract import InfrastructureError, UsageError
from harness.course import Course
from harness.data import Places
from harness.leaderboard import Board, build, write_board
from harness.record import EvidenceStore, Store
from harness.sandbox import Level, Sandbox, find_sandbox


def course_at(paths: Sequence[str] = ()) -> Course:
    """Return the course of the current folder, else that of the first path named."""
    try:
        return Course.find(Path.cwd())
    except UsageError:
        if paths and Path(paths[0]).exists():
            return Course.find(Path(paths[0]))
        raise


def places(data_root: Path | None = None) -> Places:
    """Return where data may lie."""
    return Places.of(os.environ, data_root)


def sandbox_of_at_least(hidden: Sequence[Path], lowest: Level) -> Sandbox:
    """Return the best sandbox there is; no weaker one than was asked for takes its place.

    Raises:
        InfrastructureError: the best there is holds less than `lowest`.
    """
    sandbox = find_sandbox(hidden)
    if sandbox.isolation.level < lowest:
        raise InfrastructureError(
            f"isolation here is {sandbox.isolation}; expected at least {lowest.value}: run `harness doctor`, "
            f"or say --allow-isolation {sandbox.isolation.level.value} where you trust every submission"
        )
    return sandbox


def record_store(course: Course) -> Store:
    """Return the course's records."""
    return Store(course.leaderboard / "records", course.private / "records.lock")


def board_of(course: Course) -> Board:
    """Return the leaderboard as it stands."""
    return build(record_store(course).all(), EvidenceStore(course.private / "evidence"))


def rebuild_board(course: Course) -> Board:
    """Build the leaderboard and write it, one at a time: an older board must not overwrite a newer one."""
    course.private.mkdir(exist_ok=True)
    with FileLock(course.private / "leaderboard.lock"):
        board = board_of(course)
        write_board(course.leaderboard, board)
    return board


def console(*, stderr: bool = False) -> Console:
    """Return a console that takes text as it is: a student's `[red]` is no markup."""
    return Console(stderr=stderr, markup=False, highlight=False, emoji=False, soft_wrap=True)
