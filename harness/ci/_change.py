"""Decide which submissions a change touches, and whether it touches files that it must not change."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Literal

from harness.ci._ci_result import FileFinding
from harness.ci._repository import CommittedFile, FileChange
from harness.contract import check_name
from harness.course import LEADERBOARD, PRIVATE, REFERENCE, SUBMISSIONS, TASKS, suggest
from harness.errors import UsageError
from harness.plugins import COURSE_FILE

MOST_BYTES = 512 << 20
"""Maximum size of one submission. The limits of tasks are lower."""
MOST_FILES, MOST_FOLDERS = 5_000, 2_000
"""Maximum number of files and of folders of one submission, including documents. The limits of tasks are lower."""
MOST_DEPTH = 32
"""Maximum number of nested folders."""
MOST_NEW_FILES = 20_000
"""Maximum number of files that a change may add. All are listed, and a few small git trees can hold billions."""

How = Literal["added", "changed", "renamed", "deleted"]
Outside = Literal["refuse", "report"]

_WHAT = {
    TASKS: "a task: tasks come from the base",
    REFERENCE: "a staff solution",
    "harness": "the harness: it comes from the base",
    LEADERBOARD: "records: only the grader makes them. `harness evaluate` wrote this file. To undo that, run "
    "`git restore --source REF -- leaderboard` with the branch that you started from (--no-store writes no record)",
    PRIVATE: "the grader's own files",
    COURSE_FILE: "the course's settings: they come from the base",
    ".github": "the workflows: they come from the base",
    ".gitlab-ci.yml": "the pipeline: it comes from the base",
}


@dataclass(frozen=True)
class Touched:
    """One submission that a change touches."""

    name: str
    task: str
    how: How
    former: str | None = None
    """The submission's name before it was renamed."""

    def __str__(self) -> str:
        return f"{self.name} · {self.task}"


@dataclass(frozen=True)
class Change:
    """Everything that a change touches."""

    touched: tuple[Touched, ...]
    findings: tuple[FileFinding, ...]
    """Problems of the change, by file."""
    refused: bool
    """Whether it touches anything that it must not touch."""
    too_large: frozenset[tuple[str, str]] = frozenset()
    """The name and the task of each submission that is too large to be read."""
    decides: str | None = None
    """A changed file that may influence grading, so that a result produced with this change cannot be trusted."""

    @property
    def readable(self) -> tuple[Touched, ...]:
        """The submissions that can be read: those that are neither deleted nor too large."""
        return tuple(one for one in self.touched if one.how != "deleted" and (one.name, one.task) not in self.too_large)

    @property
    def wanted(self) -> tuple[Touched, ...]:
        """The submissions to evaluate; none if the change is refused."""
        return () if self.refused else self.readable

    @property
    def deleted(self) -> tuple[str, ...]:
        """The submissions that were deleted."""
        return tuple(str(one) for one in self.touched if one.how == "deleted")


@dataclass(frozen=True)
class ChangePolicy:
    """What a change may touch."""

    outside: Outside = "refuse"
    """What happens if anything but submissions is changed."""
    author: str | None = None
    """The name of the only person whose submissions may change; None for anybody."""


_Folder = tuple[str, str]


def read_change(
    changes: Sequence[FileChange],
    base: Collection[CommittedFile],
    head: Collection[CommittedFile],
    tasks: Collection[str],
    policy: ChangePolicy,
) -> Change:
    """Return what `changes` touch. `base` and `head` are the files below ``submissions/`` before and after the change.

    Paths are relative to the course.
    """
    before, after = {_folder(entry.path) for entry in base}, {_folder(entry.path) for entry in head}
    links = {entry.path for entry in head if entry.mode == _LINK}
    outside: list[FileFinding] = []
    wrong: list[FileFinding] = []
    folders: dict[_Folder, None] = {}
    for path in dict.fromkeys(path for change in changes for path in change.paths):
        problem = _link_problem(path) if path in links else None
        problem = problem or _outside_problem(path, policy.author)
        if problem is not None:
            outside.append(FileFinding(severity=_SEVERITY[policy.outside], path=path, line=None, message=problem))
            continue
        folder = _folder(path)
        wrong += _nested_course(path, tasks)
        if folder is not None and folder[1] in tasks:
            folders[folder] = None
        elif folder in after and path.endswith(("/model.py", ".ipynb")):
            wrong.append(_unknown_task(path, path.split("/")[2], tasks))
    wrong += [_submodule(entry) for entry in head if entry.is_submodule and _folder(entry.path) in folders]
    large = dict(_too_large(head, folders))
    wrong += [
        FileFinding(severity="error", path="/".join((SUBMISSIONS, *folder)), line=None, message=f"{why}; not evaluated")
        for folder, why in large.items()
    ]
    renames = _renames(changes, before, after)
    touched = tuple(_touched(folder, before, after, renames) for folder in sorted(folders))
    refused = policy.outside == "refuse" and bool(outside)
    return Change(
        touched,
        (*outside, *wrong),
        refused=refused,
        too_large=frozenset(large),
        decides=next((one.path for one in outside if _may_decide(one.path)), None),
    )


def too_many_files() -> Change:
    """Return a refused change, for one that adds more files than can be listed."""
    message = f"more than {MOST_NEW_FILES:,} files are added: hand in only what the model needs"
    return Change((), (FileFinding(severity="error", path=SUBMISSIONS, line=None, message=message),), refused=True)


_LINK = "120000"
_SEVERITY: dict[Outside, Literal["error", "warning"]] = {"refuse": "error", "report": "warning"}


def leftover_conflicts(path: str, content: bytes) -> Iterator[FileFinding]:
    """Find unresolved merge conflicts in a file."""
    for number, line in enumerate(content.split(b"\n"), 1):
        if line.startswith((b"<<<<<<< ", b">>>>>>> ")):
            message = "a merge left conflict markers here: keep one side and remove the lines with <<<<<<<, =======, "
            yield FileFinding(severity="warning", path=path, line=number, message=f"{message}>>>>>>>")
            return


def safe_path(path: str) -> bool:
    """Return whether `path`, joined to a folder, names a file below that folder and outside ``.git``."""
    parts = path.split("/")
    return not any(part in ("", ".", "..") or part.casefold() == ".git" or "\0" in part for part in parts)


def _may_decide(path: str) -> bool:
    """Return whether `path`, which is outside ``submissions/``, may influence a run of the change; documents cannot."""
    plain = path.endswith((".md", ".rst", ".txt")) and path.split("/")[0] not in _WHAT
    return not plain or path.startswith("/") or not safe_path(path)


def _outside_problem(path: str, author: str | None) -> str | None:
    """Return why `path`, which is outside the author's submissions, must not be touched; None if it may be."""
    top, *rest = path.split("/")
    if top != SUBMISSIONS or len(rest) < 2 or not safe_path(path):
        return f"outside submissions/: this is {_WHAT.get(top, 'not a file of a submission')}"
    try:
        check_name(rest[0], "submission")
    except UsageError as error:
        return str(error)
    if author is not None and rest[0] != author:
        return f"outside submissions/{author}/: this submission belongs to somebody else"
    return None


def _link_problem(path: str) -> str | None:
    """Return what is wrong with the link at `path` if it replaces a person's folder, or None."""
    if path.count("/") != 1 or not path.startswith(f"{SUBMISSIONS}/"):
        return None
    return "this is a link instead of a folder: hand in the files themselves"


def _nested_course(path: str, tasks: Collection[str]) -> Iterator[FileFinding]:
    """Find a ``task.py`` that would make a submission, or a part of it, look like a course."""
    *above, name = path.split("/")
    if name == "task.py" and len(above) > 3 and above[-2] == TASKS:
        yield FileFinding(
            severity="warning" if above[2] in tasks else "error",
            path=path,
            line=None,
            message="this would make a submission look like a course: remove this file; tasks are declared in the "
            "course's own folder tasks/",
        )


def _folder(path: str) -> _Folder | None:
    """Return (name, task) of a path below ``submissions/<name>/<task>``, or of a link that replaces that folder."""
    parts = path.split("/")
    return (parts[1], parts[2]) if len(parts) >= 3 and parts[0] == SUBMISSIONS else None


def _unknown_task(path: str, task: str, tasks: Iterable[str]) -> FileFinding:
    """Return the finding for a model that is not in the folder of a task, in the words of `harness check`."""
    person, _, name = path.rpartition("/")
    message = f"there is no task {task!r}{suggest(task, tasks)}"
    if name == task:
        message = f"{person} holds no task: put {name} into {person}/<task>/{suggest('', tasks)}"
    return FileFinding(severity="error", path=path, line=None, message=f"{message}; not evaluated")


def _submodule(entry: CommittedFile) -> FileFinding:
    message = "this is a submodule, not a file: hand in the files themselves"
    return FileFinding(severity="error", path=entry.path, line=None, message=message)


def _too_large(head: Iterable[CommittedFile], folders: Collection[_Folder]) -> Iterator[tuple[_Folder, str]]:
    """Yield the folders that are too large to be read, with the reason for each."""
    inside: dict[_Folder, list[CommittedFile]] = {folder: [] for folder in folders}
    for entry in head:
        folder = _folder(entry.path)
        if folder in inside:
            inside[folder].append(entry)
    for folder, entries in inside.items():
        nbytes = sum(entry.size for entry in entries)
        if nbytes > MOST_BYTES:
            yield folder, f"{nbytes:,} bytes are more than the {MOST_BYTES:,} that CI reads: hand in smaller files"
        elif len(entries) > MOST_FILES:
            yield folder, f"{len(entries):,} files are more than the {MOST_FILES:,} that CI reads: hand in fewer"
        elif any(entry.path.count("/") > MOST_DEPTH for entry in entries):
            yield folder, f"folders are nested more than {MOST_DEPTH} levels deep: use fewer levels"
        elif len({parent for entry in entries for parent in PurePosixPath(entry.path).parents}) > MOST_FOLDERS:
            yield folder, f"the files are in more than the {MOST_FOLDERS:,} folders that CI reads: use fewer folders"


def _renames(
    changes: Iterable[FileChange], before: Collection[_Folder | None], after: Collection[_Folder | None]
) -> dict[_Folder, _Folder]:
    """Return for each new folder the deleted folder from which most of its files were renamed."""
    votes: dict[_Folder, Counter[_Folder]] = {}
    for change in changes:
        if not change.renamed or change.old is None or change.new is None:
            continue
        old, new = _folder(change.old), _folder(change.new)
        if old is not None and new is not None and old != new and old not in after and new not in before:
            votes.setdefault(new, Counter())[old] += 1
    return {new: counts.most_common(1)[0][0] for new, counts in votes.items()}


def _touched(
    folder: _Folder,
    before: Collection[_Folder | None],
    after: Collection[_Folder | None],
    renames: dict[_Folder, _Folder],
) -> Touched:
    name, task = folder
    if folder not in after:
        return Touched(name, task, "deleted")
    if folder in before:
        return Touched(name, task, "changed")
    former = renames.get(folder)
    if former is None:
        return Touched(name, task, "added")
    return Touched(name, task, "renamed", former[0] if former[1] == task else None)
