"""Check whether a commit would publish something that is hidden from students."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from harness.contract import Local, Task
from harness.course import Course
from harness.data import Places
from harness.git import run_git


def published_private_part(course: Course, private: Path) -> str | None:
    """Return why a commit could publish `private`, the folder of private test parts, or None.

    Raises:
        InfrastructureError: git is not installed, or takes too long.
    """
    if private.resolve().is_relative_to(course.root):
        return (
            f"HARNESS_PRIVATE is {private}, inside the course, where a commit would publish test parts; "
            "expected a folder outside the course"
        )
    if private.is_dir() and not _is_ignored(private.resolve(), private.resolve() / "test.npz"):
        return (
            f"HARNESS_PRIVATE is {private}, in a git repository that does not ignore it, so a commit there would "
            "publish test parts; expected a folder outside every repository, or a line in its .gitignore"
        )
    return None


def doubts_about_commits(task: Task, course: Course, places: Places) -> Iterator[str]:
    """Yield which private files of this course git does not ignore, so that a commit would publish them.

    Raises:
        InfrastructureError: git is not installed, or takes too long.
    """
    data = None if places.root is None else places.root.resolve() / task.name
    local = any(isinstance(source, Local) for source in task.sources)
    inside = local and data is not None and data.is_dir() and data.is_relative_to(course.root)
    if data is not None and inside and not _is_ignored(course.root, data / "file"):
        yield (
            f"the data are in {data}, inside the course, and git does not ignore them: a commit would publish them, "
            f"including the test part; write {data.parent.name}/ into {course.root / '.gitignore'}"
        )
    if (task.private_test or task.restricted) and not _is_ignored(course.root, course.private / "file"):
        yield (
            f"git does not ignore {course.private}, which contains scored items and logs: write {course.private.name}/ "
            f"into {course.root / '.gitignore'}"
        )


def _is_ignored(folder: Path, path: Path) -> bool:
    """Return whether git ignores `path` in the repository around `folder`; True if there is no repository."""
    if not any((above / ".git").exists() for above in (folder, *folder.parents)):
        return True
    inside = run_git(folder, "rev-parse", "--is-inside-work-tree")
    if inside.returncode or inside.stdout.strip() != b"true":
        return True
    return run_git(folder, "--no-literal-pathspecs", "check-ignore", "--quiet", str(path)).returncode == 0
