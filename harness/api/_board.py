"""Build and write the leaderboard of a course with public names, in one process at a time."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import msgspec

from harness.course import Course
from harness.errors import HarnessError, InfrastructureError
from harness.files import write_atomically
from harness.leaderboard import Board, KeptStandings, build, course_board, write_board
from harness.locks import exclusive_lock
from harness.record import Stores


def stores_of(course: Course) -> Stores:
    """Return the course's own records and the evidence behind them."""
    return Stores.of(course.leaderboard, course.private)


def build_board(course: Course) -> Board:
    """Return the current leaderboard without writing it."""
    stores = stores_of(course)
    kept = KeptStandings(course.private / "ranks")
    board = build(stores.records.all(), stores.evidence, kept)
    kept.remove_unused()
    return board


@dataclass(frozen=True)
class BuiltBoard:
    """A leaderboard that was built, and from which files of records."""

    board: Board
    records: str

    @classmethod
    def of(cls, course: Course) -> BuiltBoard:
        """Build the current leaderboard without writing it."""
        records = _state_of_records(course)  # first: a record that comes meanwhile makes it old
        return cls(build_board(course), records)


def rebuild_board(course: Course, built: BuiltBoard | None = None) -> Board:
    """Build and write the leaderboard under a lock, so that an older board does not overwrite a newer one.

    If it was `built` from the records that are in the course now, it is only written.
    """
    course.private.mkdir(exist_ok=True)
    with exclusive_lock(course.private / "leaderboard.lock"):
        is_current = built is not None and built.records == _state_of_records(course)
        board = built.board if built is not None and is_current else build_board(course)
        write_board(course.leaderboard, board.under(published_names(course)))
    return board


def rebuild_board_if_stale(course: Course) -> None:
    """Rebuild the leaderboard unless no record has changed since it was written."""
    stamp, board = course.private / "leaderboard.stamp", course.leaderboard
    records = _state_of_records(course)
    written = (board / "README.md", board / "leaderboard.csv", _aliases_file(course))
    if stamp.exists() and stamp.read_text() == records + _state(written):
        return
    rebuild_board(course)
    write_atomically(stamp, (records + _state(written)).encode())


def points_of(course: Course, board: Board) -> dict[str, float]:
    """Return the points that each submission's scores on `board` earn; empty if no task has cut-offs.

    Tasks on the board that the course no longer has, or that do not load, give no points.
    """
    from harness.gradebook import points_for  # an evaluation does not need the gradebook

    earned: dict[str, float] = {}
    for group in course_board(board).groups:
        try:
            task = course.task(group.key.task)
        except HarnessError:
            continue
        for row in group.rows if task.points else ():
            value = None if row.record.primary is None or not row.has_score else row.record.primary.value
            points = points_for(task, value)
            name = row.record.submission.name
            earned[name] = earned.get(name, 0.0) + (points or 0.0)
    return earned


def keep_aliases(course: Course, aliases: Mapping[str, str]) -> None:
    """Store `aliases`, which the leaderboard shows instead of names from now on."""
    content, path = msgspec.json.encode(aliases), _aliases_file(course)
    if not path.exists() or path.read_bytes() != content:
        write_atomically(path, content, 0o600)


def _aliases_file(course: Course) -> Path:
    return course.private / "aliases.json"


def published_names(course: Course) -> dict[str, str]:
    """Return the names under which submissions are published."""
    path = _aliases_file(course)
    try:
        return msgspec.json.decode(path.read_bytes(), type=dict[str, str])
    except FileNotFoundError:
        return {}
    except (OSError, msgspec.DecodeError) as error:  # a hidden name must never be published
        raise InfrastructureError(f"{path} cannot be read ({error}): run `harness grade --roster` again") from error


def _state_of_records(course: Course) -> str:
    return _state(sorted((course.leaderboard / "records").rglob("*.json")))


def _state(files: Iterable[Path]) -> str:
    """Digest the names, sizes and times of files."""
    digest = hashlib.sha256()
    for path in files:
        found = path.stat() if path.exists() else None
        digest.update(os.fsencode(path) + f"\0{found and (found.st_size, found.st_mtime_ns)}\0".encode())
    return digest.hexdigest()
