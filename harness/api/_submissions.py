"""Find the submissions of a grading run."""

from __future__ import annotations

import fnmatch
from collections.abc import Sequence
from pathlib import Path

from harness.api._options import Selection
from harness.course import Course, Submission, folders_in, suggest
from harness.errors import UsageError
from harness.grading import Obstacle


def find_submissions(course: Course, asked: Selection) -> tuple[list[Submission], list[Obstacle]]:
    """Return the requested submissions, and everything else in the folder, which cannot be graded.

    Raises:
        UsageError: there is no such folder or task, the folder is empty, or a pattern in `only` matches nothing.
    """
    folder, only, task = asked.folder, asked.only, asked.task
    named = next((place / folder for place in (Path.cwd(), course.root) if (place / folder).is_dir()), None)
    bases = [base for base in (course.submissions_folder, course.reference_folder) if base.is_dir()]
    base = None if named is None else next((base for base in bases if base.samefile(named)), None)
    if base is None:
        raise UsageError(
            f"{folder!r} is not a folder of submissions: expected submissions or reference of {course.root}"
        )
    if task is not None:
        course.require_task(task)
    names, known = folders_in(base), course.task_names()
    found: list[Submission] = []
    obstacles: list[Obstacle] = []
    for name in names:
        for place in _places(base / name, known):
            at = place.relative_to(base)
            try:
                found += course.submissions_of(base.name, name, at.parts[1:], known)
            except UsageError as error:
                obstacles.append(Obstacle(f"{base.name}/{at.as_posix()}", error))
    if not names:
        raise UsageError(f"{base} is empty: put submissions into {base}/<name>/<task>/, or `harness import` them")
    for pattern in only:
        if not any(_matches(submission, pattern) for submission in found):
            raise UsageError(f"--only {pattern}: there is no such submission{suggest(pattern, names)}")
    if only or task is not None:
        patterns = only or ["*"]
        wanted = [one for one in found if task in (None, one.task)]
        return [one for one in wanted if any(_matches(one, pattern) for pattern in patterns)], []
    return found, obstacles


def _places(folder: Path, tasks: Sequence[str]) -> list[Path]:
    """Return the subfolders of `folder` that are for a task or contain a model, or `folder` itself if none are."""
    inner = [path for path in sorted(folder.iterdir()) if path.is_dir() and not path.name.startswith((".", "_"))]
    named = [path for path in inner if path.name in tasks or (path / "model.py").exists()]
    return named or [folder]


def _matches(submission: Submission, pattern: str) -> bool:
    name, _, task = pattern.partition("/")
    short = submission.name.removeprefix("reference/")
    return fnmatch.fnmatchcase(short, name) and fnmatch.fnmatchcase(submission.task, task or "*")
