"""Unpack one person's files, including archives among them. Every file is counted, or reported as left out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable
from pathlib import PurePosixPath

from harness.lms._members import (
    MOST_BYTES,
    MOST_FILES,
    WALLED_ENDINGS,
    Member,
    Refused,
    archive_kind,
    archive_of,
    open_archive,
    safe_path,
    why_skipped,
)

_DEPTH = 3
_MODEL = "model.py"
NOTEBOOK = ".ipynb"

Files = dict[PurePosixPath, bytes]
Walled = Callable[[str, bytes, int], Iterable[tuple[str, bytes]]]
"""Opens an archive in a sandbox, given its name, its bytes and the maximum size; yields names and contents."""


class Unpacked:
    """The unpacked files of one person."""

    def __init__(self, walled: Walled) -> None:
        self.files: Files = {}
        self.skipped: Counter[str] = Counter()
        """The number of files that were left out, by reason."""
        self._left = MOST_BYTES
        self._walled = walled

    def add(self, path: PurePosixPath, member: Member) -> None:
        """Add a member as `path`; if it is an archive, add its members instead.

        Raises:
            Refused: the member is too large, is damaged, or has a path that leads elsewhere.
        """
        if member.problem:
            raise Refused(member.problem)
        self._add(path, self._read(member), depth=1)

    def _add(self, path: PurePosixPath, content: bytes, depth: int) -> None:
        if reason := why_skipped(path):
            self.skipped[reason] += 1
            return
        if kind := archive_kind(path.name, content):
            self._open(path, kind, content, depth)
            return
        if self.files.setdefault(path, content) != content:
            raise Refused(f"{str(path)!r} exists twice, with different contents")
        if len(self.files) > MOST_FILES:
            raise Refused(f"more than {MOST_FILES} files")

    def _open(self, path: PurePosixPath, kind: str, content: bytes, depth: int) -> None:
        if depth > _DEPTH:
            raise Refused(f"{str(path)!r}: archives within archives within archives")
        if kind in WALLED_ENDINGS:
            for name, inside in self._walled(path.name, content, self._left):
                self._left -= len(inside)
                self._add(path.parent / safe_path(name), inside, depth + 1)
            return
        with open_archive(archive_of(content), path.name, kind) as members:
            for member in members:
                if reason := why_skipped(member.path):
                    self.skipped[reason] += 1
                    continue
                if member.problem:
                    raise Refused(member.problem)
                self._add(path.parent / member.path, self._read(member), depth + 1)

    def _read(self, member: Member) -> bytes:
        """Read a member without trusting the size that it states."""
        content = member.read(self._left + 1)
        self._left -= len(content)
        if self._left < 0:
            raise Refused(f"more than {MOST_BYTES:,} bytes")
        return content


def rooted(files: Files, task: str, owners: Collection[str] = ()) -> Files:
    """Return the files of the folder that holds the model, at any depth.

    Raises:
        Refused: several folders hold a model.
    """
    home = find_home(files, task, owners)
    return {path.relative_to(home): content for path, content in files.items() if path.is_relative_to(home)}


def find_home(paths: Collection[PurePosixPath], task: str, owners: Collection[str] = ()) -> PurePosixPath:
    """Return the folder of `paths` that holds the model; in a whole course, the one below ``submissions``.

    If there are several, the folder that is named like one of `owners` (in lower case) is meant.

    Raises:
        Refused: there are no files, or several folders hold a model, so that it is unclear which one is meant.
    """
    if not paths:
        raise Refused("no file in it")
    homes = sorted({path.parent for path in paths if path.name == _MODEL}, key=lambda home: (len(home.parts), home))
    if not homes:
        notebooks = {path.parent for path in paths if path.suffix.lower() == NOTEBOOK}
        homes = sorted(notebooks, key=lambda home: len(home.parts)) if len(notebooks) == 1 else [_wrapper(paths)]
    if PurePosixPath() not in homes:
        homes = [home for home in homes if "submissions" in home.parts] or homes
    owned = [home for home in homes if home.parent.parent.name == "submissions" and home.parent.name.lower() in owners]
    homes = owned or homes
    named = [home for home in homes if home.name.casefold() == task.casefold()]
    outermost = [home for home in homes if all(home.is_relative_to(homes[0]) for home in homes)][:1]
    candidates = named or outermost or homes
    if len(candidates) != 1:
        where = ", ".join(map(str, candidates))
        raise Refused(f"{len(candidates)} folders hold a {_MODEL} ({where}): hand in one, or call it {task}")
    return candidates[0]


def _wrapper(files: Collection[PurePosixPath]) -> PurePosixPath:
    """Return the deepest folder that contains all files."""
    home = PurePosixPath()
    while len({path.relative_to(home).parts[0] for path in files}) == 1:
        inner = home / next(iter(files)).relative_to(home).parts[0]
        if inner in files:
            break
        home = inner
    return home
