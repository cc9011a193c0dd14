"""A course made of two commits: everything from the base but the submissions that a change touches."""

from __future__ import annotations

import errno
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from harness.ci._change import safe_path
from harness.ci._git import CommittedFile, Repository
from harness.course import LEADERBOARD, TASKS, Course

_FROM_BASE = (TASKS, f"{LEADERBOARD}/records")
_NO_SUCH_FILE = {errno.EEXIST, errno.ENOTDIR, errno.EISDIR, errno.ENAMETOOLONG, errno.EINVAL}
_NOWHERE = "a link: its target is nobody's business"


def check_out(repository: Repository, base: str, submissions: Iterable[CommittedFile], to: Path) -> Course:
    """Write the base's tasks and records and the head's `submissions` into the empty folder `to`."""
    for folder in _FROM_BASE:
        _write(repository, repository.files(base, folder), to)
    _write(repository, submissions, to)
    return Course(to)


def _write(repository: Repository, entries: Iterable[CommittedFile], to: Path) -> None:
    """Write plain files first, links last: nothing is ever written through one."""
    safe = [entry for entry in entries if safe_path(entry.path)]
    for entry, content in repository.contents(entry for entry in safe if entry.is_file):
        with _possible_names():
            (to / entry.path).parent.mkdir(parents=True, exist_ok=True)
            (to / entry.path).write_bytes(content)
    for entry in safe:
        if not entry.is_file:  # refused by name later, wherever it points
            with _possible_names():
                (to / entry.path).parent.mkdir(parents=True, exist_ok=True)
                (to / entry.path).symlink_to(_NOWHERE)


@contextmanager
def _possible_names() -> Iterator[None]:
    """Leave out what no file system holds: a forged tree names a file twice, or with 300 letters."""
    try:
        yield
    except OSError as error:
        if error.errno not in _NO_SUCH_FILE:
            raise
