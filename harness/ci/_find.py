"""Find the change between two commits."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from itertools import accumulate

from harness.ci._change import (
    MOST_NEW_FILES,
    Change,
    ChangePolicy,
    Touched,
    leftover_conflicts,
    read_change,
    too_many_files,
)
from harness.ci._ci_result import FileFinding
from harness.ci._repository import CommittedFile, FileChange, Repository, TooManyFilesError
from harness.course import SUBMISSIONS, TASKS

_READ_BYTES, _READ_BYTES_ALTOGETHER = 1 << 20, 64 << 20
"""Maximum number of bytes that are searched for merge conflicts, per file and in total."""


@dataclass(frozen=True)
class Range:
    """The commits that delimit a change, by their full ids."""

    base: str
    start: str
    """The commit at which the change branched off from the base."""
    head: str


def find_range(repository: Repository, base: str, head: str) -> Range:
    """Return the range of commits from `base` to `head`.

    Raises:
        UsageError: a commit does not exist in this repository, or the two have no common ancestor.
    """
    base_id, head_id = repository.commit(base), repository.commit(head)
    return Range(base_id, repository.merge_base(base_id, head_id), head_id)


def find_change(repository: Repository, commits: Range, policy: ChangePolicy) -> Change:
    """Return what the change between the commits touches, without evaluating anything."""
    try:
        repository.count(commits.head, repository.count(commits.start) + MOST_NEW_FILES)
    except TooManyFilesError:
        return too_many_files()
    files = repository.changes(commits.start, commits.head)
    head = repository.files(commits.head, SUBMISSIONS)
    change = read_change(
        files, repository.files(commits.start, SUBMISSIONS), head, _task_names(repository, commits.base), policy
    )
    return replace(change, findings=(*change.findings, *_conflicts(repository, files, entries_of(head, change))))


def entries_of(entries: Collection[CommittedFile], change: Change) -> list[CommittedFile]:
    """Return those of `entries` that belong to the readable submissions of `change`."""
    folders = {folder_of(touched) for touched in change.readable}
    return [entry for entry in entries if "/".join(entry.path.split("/")[:3]) in folders]


def folder_of(touched: Touched) -> str:
    """Return the folder of a submission, relative to the course."""
    return f"{SUBMISSIONS}/{touched.name}/{touched.task}"


def _task_names(repository: Repository, commit: str) -> set[str]:
    paths = [entry.path.split("/") for entry in repository.files(commit, TASKS)]
    return {parts[1] for parts in paths if len(parts) == 3 and parts[2] == "task.py"}


def _conflicts(
    repository: Repository, files: Collection[FileChange], entries: Collection[CommittedFile]
) -> Iterator[FileFinding]:
    """Search the changed text files for conflict markers."""
    changed = {file.new for file in files}
    read = [entry for entry in entries if entry.path in changed and entry.is_file and entry.size <= _READ_BYTES]
    sizes = accumulate(entry.size for entry in read)
    read = [entry for entry, size in zip(read, sizes, strict=True) if size <= _READ_BYTES_ALTOGETHER]
    for entry, content in repository.contents(read):
        if b"\0" not in content:
            yield from leftover_conflicts(entry.path, content)
