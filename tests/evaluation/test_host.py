"""What the record says of machine and course."""

import subprocess

import pytest

from harness.evaluation._host import describe_git, describe_machine, package_versions


def git(root, *arguments):
    identity = ("-c", "user.name=t", "-c", "user.email=t@example.org")
    subprocess.run(["git", "-C", str(root), *identity, *arguments], check=True, capture_output=True)


def committed(root):
    for name in ("tasks/one.py", "leaderboard/README.md"):
        (root / name).parent.mkdir(parents=True)
        (root / name).write_text("first\n")
    git(root, "init")
    git(root, "add", ".")
    git(root, "commit", "-m", "first")
    return root


@pytest.mark.worker
def test_outside_git_there_is_no_commit(tmp_path):
    assert describe_git(tmp_path) is None


@pytest.mark.worker
def test_a_clean_checkout_gives_its_commit(tmp_path):
    found = describe_git(committed(tmp_path))
    assert found is not None
    assert len(found.commit) == 40
    assert not found.dirty


@pytest.mark.worker
def test_a_changed_task_makes_it_dirty(tmp_path):
    (committed(tmp_path) / "tasks" / "one.py").write_text("second\n")
    assert describe_git(tmp_path).dirty


@pytest.mark.worker
def test_files_that_an_evaluation_writes_do_not_make_it_dirty(tmp_path):
    (committed(tmp_path) / "leaderboard" / "README.md").write_text("second\n")
    assert not describe_git(tmp_path).dirty


def test_machine_and_packages_are_named():
    assert describe_machine().memory_bytes > 0
    assert {"numpy", "torch"} <= set(package_versions())
