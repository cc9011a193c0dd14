"""A push of a few bytes can name billions of files, and one blob thousands of times: both are bounded."""

from __future__ import annotations

import subprocess
import tracemalloc
from pathlib import Path

import pytest

from harness import git as host_git
from harness.ci import ChangePolicy, Repository, find_change, find_range
from harness.ci._checkout import check_out
from harness.errors import InfrastructureError
from harness.git import run_git

pytestmark = pytest.mark.worker

BLOB = 1 << 20


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A course in a repository: one task, nobody's work."""
    (tmp_path / "tasks" / "blobs").mkdir(parents=True)
    (tmp_path / "tasks" / "blobs" / "task.py").write_text("TASK = None\n")
    git(tmp_path, "init", "-q", "-b", "main")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-qm", "base")
    return tmp_path


def git(root: Path, *arguments: str, given: bytes = b"") -> str:
    who = ("-c", "user.name=t", "-c", "user.email=t@example.org")
    done = subprocess.run(["git", "-C", root, *who, *arguments], input=given, check=True, capture_output=True)
    return done.stdout.decode().strip()


def tree(root: Path, *lines: str) -> str:
    return git(root, "mktree", given="".join(f"{line}\n" for line in lines).encode())


def hand_in(root: Path, folder: str) -> str:
    """Commit a tree as mallory's work for the task; return the commit."""
    nested = folder
    for name in ("blobs", "mallory", "submissions"):
        nested = tree(root, f"040000 tree {nested}\t{name}")
    base = git(root, "ls-tree", "main").splitlines()
    whole = tree(root, *base, f"040000 tree {git(root, 'rev-parse', nested + ':submissions')}\tsubmissions")
    return git(root, "commit-tree", whole, "-p", "main", "-m", "change")


def empty_file(root: Path) -> str:
    return git(root, "hash-object", "-w", "--stdin")


def empty_tree(root: Path) -> str:
    return git(root, "mktree")


def bomb(root: Path, levels: int) -> str:
    """Return a tree that names 10**levels files."""
    name, mode = empty_file(root), "100644 blob"
    for _ in range(levels):
        name, mode = tree(root, *(f"{mode} {name}\td{n}" for n in range(10))), "040000 tree"
    return name


@pytest.mark.parametrize("levels", [5, 12])
def test_trees_with_more_files_than_the_limit_are_refused(root: Path, levels: int) -> None:
    head = hand_in(root, bomb(root, levels))
    repository = Repository.of(root)
    change = find_change(repository, find_range(repository, "main", head), ChangePolicy("report"))
    assert (change.refused, change.wanted) == (True, ())
    assert "more than 20,000 files" in change.findings[0].message


def test_contents_of_files_are_in_memory_one_at_a_time(root: Path) -> None:
    blob = git(root, "hash-object", "-w", "--stdin", given=bytes(BLOB))
    head = hand_in(root, tree(root, *(f"100644 blob {blob}\t{n:03}.bin" for n in range(100))))
    repository = Repository.of(root)
    entries = repository.files(head, "submissions")
    tracemalloc.start()
    try:
        sizes = [len(content) for _, content in repository.contents(entries)]
        most = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert sizes == [BLOB] * 100
    assert most < 10 * BLOB


def test_output_and_memory_of_git_are_limited(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    name = bomb(root, 5)
    compared = ("diff-tree", "-r", "--name-only", empty_tree(root), name)
    assert run_git(root, *compared).returncode == 0
    with monkeypatch.context() as patch:
        patch.setattr(host_git, "MOST_OUTPUT_BYTES", BLOB)
        with pytest.raises(InfrastructureError, match="printed more than"):
            run_git(root, *compared)
    monkeypatch.setattr(host_git, "MEMORY_BYTES", 8 << 20)
    assert run_git(root, *compared).returncode > 1


def test_a_change_is_graded_with_the_plugins_of_its_base(root: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    for package in ("of-the-base", "of-mallory"):
        (root / "course.toml").write_text(f"plugins = ['{package}']\n")
        git(root, "add", ".")
        git(root, "commit", "-qm", package)
    base, to = git(root, "rev-parse", "main~1"), tmp_path_factory.mktemp("checkout")
    assert check_out(Repository.of(root), base, [], to).plugins.missing == ["of-the-base"]
