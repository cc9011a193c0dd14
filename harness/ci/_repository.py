"""Read the commits of a course with git, without work trees, filters or hooks."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from harness.errors import InfrastructureError, UsageError
from harness.git import message_of, run_git, stream_git

_FILES = ("100644", "100755", "100664")
_BLOCK_BYTES = 1 << 20


class TooManyFilesError(Exception):
    """A commit holds too many files to list."""


@dataclass(frozen=True)
class CommittedFile:
    """One file of a commit."""

    path: str
    mode: str
    blob: str
    size: int

    @property
    def is_file(self) -> bool:
        """Whether it is a regular file rather than a link or a submodule."""
        return self.mode in _FILES

    @property
    def is_submodule(self) -> bool:
        """Whether it is another repository."""
        return self.mode == "160000"


@dataclass(frozen=True)
class FileChange:
    """One file that differs between two commits; `old` and `new` are its paths, None in a commit without the file."""

    old: str | None
    new: str | None

    @property
    def renamed(self) -> bool:
        """Whether git found the same file under another path."""
        return self.old is not None and self.new is not None and self.old != self.new

    @property
    def paths(self) -> tuple[str, ...]:
        """The paths that it touches."""
        return tuple(dict.fromkeys(path for path in (self.old, self.new) if path is not None))


@dataclass(frozen=True)
class Repository:
    """The git repository that contains a course; all paths are relative to the course.

    A path outside the course starts with '/'.
    """

    root: Path
    prefix: str
    """The path of the course within the repository: empty, or with '/' at its end."""

    @classmethod
    def of(cls, course: Path) -> Repository:
        """Return the repository that contains the folder `course`.

        Raises:
            UsageError: there is no repository, or git does not trust it.
        """
        done = run_git(course, "rev-parse", "--show-prefix")
        if done.returncode:
            raise UsageError(f"{course} is not in a git repository: {message_of(done)}")
        return cls(course, os.fsdecode(done.stdout.rstrip(b"\n")))

    def commit(self, name: str) -> str:
        """Return the full id of the commit `name`.

        Raises:
            UsageError: the repository has no such commit.
        """
        found = self._commit(name)
        if found is None:
            remote = f"origin/{name}"
            if self._commit(remote) is not None:
                raise UsageError(f"there is no commit {name!r} here, but there is {remote!r}: did you mean that?")
            raise UsageError(f"there is no commit {name!r} here: fetch it first (in CI: fetch-depth: 0)")
        return found

    def _commit(self, name: str) -> str | None:
        done = run_git(self.root, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}")
        return None if done.returncode else done.stdout.decode().strip()

    def merge_base(self, base: str, head: str) -> str:
        """Return the commit at which `head` branched off from `base`.

        Raises:
            UsageError: the two have no common ancestor in this repository.
        """
        done = run_git(self.root, "merge-base", base, head)
        if done.returncode:
            raise UsageError(
                f"{base[:12]} and {head[:12]} have no common commit here: fetch the whole history (in CI: "
                "fetch-depth: 0)"
            )
        return done.stdout.decode().split()[0]

    def changes(self, old: str, new: str) -> list[FileChange]:
        """Return the files that differ between two commits, with renames detected."""
        output = self._read(
            "diff-tree", "-r", "-z", "--raw", "--find-renames", "-l1000", "--no-ext-diff", "--no-textconv", old, new
        )
        return [FileChange(self._relative(old), self._relative(new)) for old, new in _parse_raw(output)]

    def count(self, commit: str, most: int | None = None) -> int:
        """Return the number of files in `commit`, in the whole repository.

        Raises:
            TooManyFilesError: there are more than `most`; a few nested trees can hold billions.
        """
        number = 0
        with stream_git(self.root, "ls-tree", "-r", "-z", "--name-only", "--full-tree", commit) as output:
            while block := output.read(_BLOCK_BYTES):
                number += block.count(b"\0")
                if most is not None and number > most:
                    raise TooManyFilesError
        return number

    def files(self, commit: str, folder: str) -> list[CommittedFile]:
        """Return all files below `folder` in `commit`; none if there is no such folder."""
        output = self._read("ls-tree", "-r", "-z", "-l", "--full-tree", commit, "--", self.prefix + folder)
        entries = []
        for line in output.split(b"\0")[:-1]:
            facts, _, path = line.partition(b"\t")
            mode, _, blob, size = facts.decode().split()
            entries.append(CommittedFile(self._within(path), mode, blob, 0 if size == "-" else int(size)))
        return entries

    def contents(self, entries: Iterable[CommittedFile]) -> Iterator[tuple[CommittedFile, bytes]]:
        """Yield each entry with its content as it was committed; only one is in memory at a time."""
        entries = list(entries)
        asked = "".join(f"{entry.blob}\n" for entry in entries).encode()
        with stream_git(self.root, "cat-file", "--batch", given=asked) as answer:
            for entry in entries:
                head = answer.readline().rstrip(b"\n")
                if head != f"{entry.blob} blob {entry.size}".encode():
                    raise InfrastructureError(f"git cannot read {entry.path!r}: {head.decode()!r}")
                yield entry, answer.read(entry.size)
                answer.read(1)

    def _relative(self, path: bytes | None) -> str | None:
        return None if path is None else self._within(path)

    def _within(self, path: bytes) -> str:
        name = os.fsdecode(path)
        return name.removeprefix(self.prefix) if name.startswith(self.prefix) else f"/{name}"

    def _read(self, *arguments: str, given: bytes = b"") -> bytes:
        done = run_git(self.root, *arguments, given=given)
        if done.returncode:
            raise InfrastructureError(f"git {arguments[0]} failed: {message_of(done)}")
        return done.stdout


def _parse_raw(output: bytes) -> Iterator[tuple[bytes | None, bytes | None]]:
    """Parse ``git diff-tree --raw -z`` (`:modes ids status NUL path NUL`, two paths for a rename) into old and new."""
    fields = iter(output.split(b"\0")[:-1])
    for facts in fields:
        status = facts.rsplit(b" ", 1)[-1][:1]
        path = next(fields)
        if status == b"R":
            yield path, next(fields)
        else:
            yield None if status == b"A" else path, None if status == b"D" else path
