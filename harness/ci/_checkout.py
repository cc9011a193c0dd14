"""Make a course from two commits: the submissions of the change, and everything else from the base."""

from __future__ import annotations

import errno
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from harness.ci._change import safe_path
from harness.ci._repository import CommittedFile, Repository
from harness.course import LEADERBOARD, TASKS, Course
from harness.plugins import COURSE_FILE

_FROM_BASE = (TASKS, COURSE_FILE, f"{LEADERBOARD}/records")
_NO_SUCH_FILE = {errno.EEXIST, errno.ENOTDIR, errno.EISDIR, errno.ENAMETOOLONG, errno.EINVAL}
_NOWHERE = "the target of this link was not kept"


def check_out(repository: Repository, base: str, submissions: Iterable[CommittedFile], to: Path) -> Course:
    """Write the base's tasks, settings and records and the head's `submissions` into the empty folder `to`."""
    for folder in _FROM_BASE:
        _write(repository, repository.files(base, folder), to)
    _write(repository, submissions, to)
    return Course(to)


def _write(repository: Repository, entries: Iterable[CommittedFile], to: Path) -> None:
    """Write regular files first and links last, so that nothing is written through a link."""
    safe = [entry for entry in entries if safe_path(entry.path)]
    for entry, content in repository.contents(entry for entry in safe if entry.is_file):
        with _possible_names():
            (to / entry.path).parent.mkdir(parents=True, exist_ok=True)
            (to / entry.path).write_bytes(content)
    for entry in safe:
        if not entry.is_file:  # refused later, whatever its target is
            with _possible_names():
                (to / entry.path).parent.mkdir(parents=True, exist_ok=True)
                (to / entry.path).symlink_to(_NOWHERE)


@contextmanager
def _possible_names() -> Iterator[None]:
    """Ignore files that a file system cannot hold: a forged tree may name a file twice, or with 300 letters."""
    try:
        yield
    except OSError as error:
        if error.errno not in _NO_SUCH_FILE:
            raise
