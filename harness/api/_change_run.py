"""Evaluate the submissions that a change in git touches."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, closing
from dataclasses import dataclass
from pathlib import Path

from harness.api._follow import Follower
from harness.ci import (
    COMMENT_BYTES,
    ChangePolicy,
    Grader,
    Repository,
    Result,
    Touched,
    find_change,
    find_range,
    folder_of,
    read_result,
    result_markdown,
    run_ci,
    without_grades,
)
from harness.course import Course, Submission
from harness.data import Places
from harness.evaluation import Observer, Settings
from harness.sandbox import Sandbox


@dataclass(frozen=True, kw_only=True)
class ChangeRequest:
    """The arguments of `CourseChanges.evaluate`: the change, and how it is evaluated."""

    base: str
    head: str
    policy: ChangePolicy
    settings: Settings


def evaluate_change(
    course: Course, places: Places, request: ChangeRequest, open_sandbox: Callable[[], Sandbox], follower: Follower
) -> Result:
    """Evaluate the submissions that the change touches; no worker starts if there are none."""
    repository = Repository.of(course.root)
    commits = find_range(repository, request.base, request.head)
    change = find_change(repository, commits, request.policy)
    follower.changed(change)
    if not change.wanted:
        return without_grades(commits, change, request.settings.score_on)

    def watch(touched: Touched) -> AbstractContextManager[Observer]:
        return follower.evaluating(Submission(touched.name, touched.task, course.root / folder_of(touched)))

    with closing(open_sandbox()) as sandbox:
        follower.isolated(sandbox.isolation)
        grader = Grader(sandbox=sandbox, places=places, settings=request.settings, kept=course.private / "ci")
        return run_ci(repository, commits, change, grader, watch)


def change_comment(root: Path, result: Path, refs: tuple[str, str], policy: ChangePolicy) -> str:
    """Return the comment about the change between two commits, with results only for submissions that it touches."""
    repository = Repository.of(root)
    commits = find_range(repository, *refs)
    change = find_change(repository, commits, policy)
    return result_markdown(read_result(result, commits, change), COMMENT_BYTES)
