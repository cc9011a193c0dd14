"""The hand-in time according to git: the time of the commit that first had these files.

It is the author's time, which the author can set to anything. Squashes, rebases and merges make new commits of old
files, and staff tidy up; none of these count as handing in.
"""

from __future__ import annotations

import hashlib
import os
import re
import secrets
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from pathlib import Path

from harness.course import LEADERBOARD, REFERENCE, SUBMISSIONS, TASKS
from harness.errors import InfrastructureError
from harness.git import run_git

_SQUASHED = re.compile(r".*\(#\d+\)|.*\(!\d+\)")
_FIELDS = ("%H", "%P", "%aI", "%cI", "%ae", "%ce", "%s")


@dataclass(frozen=True)
class Claim:
    """The hand-in time of some files, according to commits."""

    moment: datetime
    words: str
    """The source of the time."""


@dataclass(frozen=True)
class _Commit:
    name: str
    parents: tuple[str, ...]
    written: datetime
    committed: datetime
    author: str
    committer: str
    subject: str
    folders: frozenset[str]
    """The folders ``submissions/<name>/<task>`` that it touches."""
    touches_else: bool
    """Whether it touches anything else."""

    @property
    def people(self) -> set[str]:
        """The names of the submissions that it touches."""
        return {folder.split("/")[1] for folder in self.folders}


@dataclass(frozen=True)
class History:
    """The commits of a course that touch submissions."""

    root: Path
    staff: tuple[str, ...] = ()
    """Authors whose commits do not count as handing in."""
    pushes: Mapping[str, datetime] = field(default_factory=dict)
    """The times at which the host received commits, by commit."""
    merged: Mapping[str, str] = field(default_factory=dict)
    """The newest commit of the pull request, by the commit that the host made when it merged the request."""

    def claim(self, folder: str) -> Claim | None:
        """Return the hand-in time of the files in `folder` (``submissions/<name>/<task>``), or None if it is unknown.

        It is unknown in a shallow clone, and for files that differ from the last commit.
        """
        if self._is_shallow or not self._is_committed(folder):
            return None
        tree = self._version(folder)
        if tree is None:
            return None
        pushed = self._pushed(folder, tree)
        if pushed is not None:
            return Claim(pushed, "the host's record of the push")
        first = min(
            (commit for commit in self._with(folder, tree) if not self._is_squash(commit)),
            key=lambda commit: commit.written,
            default=None,
        )
        if first is None:
            return None
        words = f"git: commit {first.name[:9]}, by its author's clock"
        if first.committed > first.written:
            words += f"; committed again at {first.committed.isoformat(timespec='seconds')}"
        return Claim(first.written, words)

    @cached_property
    def _is_shallow(self) -> bool:
        """Whether the history is incomplete, or missing."""
        if not any((folder / ".git").exists() for folder in (self.root, *self.root.parents)):
            return True
        return self._git("rev-parse", "--is-shallow-repository").strip() != b"false"

    @cached_property
    def _prefix(self) -> str:
        return os.fsdecode(self._git("rev-parse", "--show-prefix").rstrip(b"\n"))

    @cached_property
    def _main_line(self) -> frozenset[str]:
        """The commits that were made on the current branch itself."""
        return frozenset(self._git("rev-list", "--first-parent", "HEAD").decode().split())

    @cached_property
    def _commits(self) -> tuple[_Commit, ...]:
        """All commits of all branches that touch submissions, except merges, which add no files of their own."""
        start = secrets.token_hex(16)  # subjects and paths may hold any character but NUL
        pattern = f"--format={start}{''.join(f'{field}%x00' for field in _FIELDS)}"
        options = ["--all", "--no-renames", "--name-only", "-z", "--relative", pattern]
        output = self._git("log", *options, "HEAD").decode("utf-8", "surrogateescape")
        return tuple(filter(None, map(_read_commit, output.split(start)[1:])))

    @cached_property
    def _trees(self) -> Mapping[tuple[str, str], str]:
        """The tree of each folder in each commit that touches it, and in that commit's first parent."""
        wanted = {
            (commit, folder)
            for one in self._commits
            for folder in one.folders
            for commit in (one.name, *one.parents[:1])
        }
        wanted |= {(commit, folder) for commit in {*self.pushes, *self.merged} for folder in self._folders}
        wanted |= {("HEAD", folder) for folder in self._folders}
        return self._look_up(sorted(wanted))

    @cached_property
    def _folders(self) -> frozenset[str]:
        return frozenset(folder for commit in self._commits for folder in commit.folders)

    def _look_up(self, wanted: Sequence[tuple[str, str]]) -> dict[tuple[str, str], str]:
        asked = "".join(f"{commit}:{self._prefix}{folder}\n" for commit, folder in wanted if "\n" not in folder)
        given = os.fsencode(asked)
        answers = self._git("cat-file", "--batch-check=%(objecttype) %(objectname)", given=given).split(b"\n")
        plain = [one for one in wanted if "\n" not in one[1]]
        return {
            one: answer.removeprefix(b"tree ").decode()
            for one, answer in zip(plain, answers, strict=False)
            if answer.startswith(b"tree ")  # not that it is missing, with its name
        }

    def _touching(self, folder: str) -> list[_Commit]:
        return [commit for commit in self._commits if folder in commit.folders]

    def _with(self, folder: str, tree: str) -> list[_Commit]:
        return [commit for commit in self._touching(folder) if self._trees.get((commit.name, folder)) == tree]

    def _version(self, folder: str) -> str | None:
        """Return the tree of the newest version of `folder` that the staff did not make."""
        tree = self._trees.get(("HEAD", folder))
        seen: set[str] = set()
        while tree is not None and tree not in seen:
            seen.add(tree)
            makers = self._with(folder, tree)
            staff = [commit for commit in makers if self._is_staffs(commit, folder)]
            if len(staff) < len(makers):
                return tree
            tree = next(
                (
                    before
                    for commit in staff
                    if (before := self._trees.get((next(iter(commit.parents), ""), folder))) is not None
                ),
                None,
            )
        return None

    def _is_staffs(self, commit: _Commit, folder: str) -> bool:
        """Return whether `commit` is the staff's: by its author, or because it touches the work of several people.

        If a person's work was merged from another branch, commits on the main branch itself are the staff's, too.
        """
        if commit.author.lower() in self.staff or len(commit.people) > 1 or commit.touches_else:
            return True
        if commit.name not in self._main_line or self._is_squash(commit):
            return False
        others = [one for one in self._touching(folder) if one.name not in self._main_line]
        return bool(others) and not any(
            (one.written, one.subject) == (commit.written, commit.subject) for one in others
        )

    def _is_squash(self, commit: _Commit) -> bool:
        """Return whether `commit` is a squashed pull request, whose time is that of the merge.

        GitHub and GitLab end its subject with the request's number, or make it in the author's name when they merge.
        """
        if len(commit.parents) != 1 or commit.name not in self._main_line:
            return False
        is_written_for = commit.committer != commit.author and commit.committed == commit.written
        return is_written_for or _SQUASHED.fullmatch(commit.subject) is not None

    def _pushed(self, folder: str, tree: str) -> datetime | None:
        """Return the time at which the host first received these files from the person who handed them in.

        Files that arrive by a merge existed before. For them the push of the pull request counts, if it is known.
        """
        heads = {name for name in self.pushes if self._has(name, folder, tree) and not self._is_merge(name, folder)}
        heads |= {head for name, head in self.merged.items() if self._has(name, folder, tree)}
        return min((self.pushes[name] for name in heads if name in self.pushes), default=None)

    def _has(self, commit: str, folder: str, tree: str) -> bool:
        return self._trees.get((commit, folder)) == tree

    def _is_merge(self, name: str, folder: str) -> bool:
        """Return whether a commit only merges files that were handed in before."""
        if name in self.merged or name in self._merges:
            return True
        commit = next((one for one in self._commits if one.name == name and folder in one.folders), None)
        return commit is not None and (self._is_squash(commit) or self._is_staffs(commit, folder))

    @cached_property
    def _merges(self) -> frozenset[str]:
        """The commits with several parents."""
        return frozenset(self._git("rev-list", "--merges", "--all", "HEAD").decode().split())

    @cached_property
    def _blobs(self) -> Mapping[str, Mapping[str, str]]:
        """The files of each folder as they were committed last, by path within it."""
        found: dict[str, dict[str, str]] = {}
        output = self._git("ls-tree", "-r", "-z", "HEAD", "--", f"{SUBMISSIONS}/")
        for line in output.split(b"\0")[:-1]:
            facts, _, path = line.partition(b"\t")
            parts = os.fsdecode(path).split("/", 3)
            if len(parts) == 4:
                found.setdefault("/".join(parts[:3]), {})[parts[3]] = facts.decode().split()[2]
        return found

    def _is_committed(self, folder: str) -> bool:
        """Return whether the files of `folder`, except hidden files and caches, are those of the last commit."""
        there = {path: blob for path, blob in self._blobs.get(folder, {}).items() if _is_submitted(path)}
        return bool(there) and there == dict(_blobs_on_disk(self.root / folder, there))

    def _git(self, *arguments: str, given: bytes = b"") -> bytes:
        """Return what git prints; '' if there is no repository."""
        try:
            done = run_git(self.root, *arguments, given=given)
        except InfrastructureError:  # no git here
            return b""
        return done.stdout if done.returncode == 0 else b""


def claim_of_clone(root: Path) -> Claim | None:
    """Return the hand-in time of the files in a clone of one person's repository: the first commit with all of them.

    Shallow clones give None. Commits of bots, which hand out work and merge, do not count.
    """
    history = History(root)
    if not (root / ".git").exists() or history._is_shallow:
        return None
    tree = history._git("rev-parse", "HEAD^{tree}").decode().strip()
    found = []
    output = history._git("log", "--all", "--format=%T%x00%aI%x00%ae%x00%an%x00%h", "HEAD")
    for line in output.decode("utf-8", "replace").split("\n")[:-1]:
        made, written, email, author, name = line.split("\0")
        moment = _moment(written)
        if made == tree and moment is not None and "[bot]" not in f"{email}{author}":
            found.append((moment, name))
    if not found:
        return None
    moment, name = min(found)
    return Claim(moment, f"git: commit {name} of the clone, by its author's clock")


def _read_commit(text: str) -> _Commit | None:
    """Return a commit; None where it touches no submission, or names a time that no calendar has."""
    name, parents, written, committed, author, committer, subject, files = text.split("\0", len(_FIELDS))
    moments = _moment(written), _moment(committed)
    paths = [path.lstrip("\n").split("/") for path in files.split("\0") if path.strip("\n")]
    folders = {"/".join(parts[:3]) for parts in paths if parts[0] == SUBMISSIONS and len(parts) > 3}
    if not folders or moments[0] is None or moments[1] is None:
        return None
    return _Commit(
        name=name,
        parents=tuple(parents.split()),
        written=moments[0],
        committed=moments[1],
        author=author,
        committer=committer,
        subject=subject,
        folders=frozenset(folders),
        touches_else=any(parts[0] in (TASKS, REFERENCE, LEADERBOARD) for parts in paths),
    )


def _moment(text: str) -> datetime | None:
    """Return the time of a commit; None for the year 30000, which git takes as well."""
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


def _is_submitted(path: str) -> bool:
    parts = path.split("/")
    return not any(part.startswith(".") or part == "__pycache__" for part in parts)


def _blobs_on_disk(folder: Path, expected: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    for path in _plain_files(folder):
        name = path.relative_to(folder).as_posix()
        content = path.read_bytes()
        found = _blob(content)
        if found != expected.get(name) and b"\r\n" in content:  # git may store other line endings
            found = _blob(content.replace(b"\r\n", b"\n"))
        yield name, found


def _plain_files(folder: Path) -> Iterable[Path]:
    if folder.is_symlink() or not folder.is_dir():
        return
    for path in sorted(folder.rglob("*")):
        if not path.is_symlink() and path.is_file() and _is_submitted(path.relative_to(folder).as_posix()):
            yield path


def _blob(content: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()  # noqa: S324 - git uses SHA-1
