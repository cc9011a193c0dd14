"""Points for a score."""

from __future__ import annotations

import numpy as np

from harness.contract import Task


def points_for(task: Task, value: float | None) -> float | None:
    """Return the points that `value` of the primary score earns.

    Linear between the task's cut-offs, constant beyond the outermost two. A failure (`value` is None) earns the
    fewest possible points; a task without cut-offs has no points (None).
    """
    if not task.points:
        return None
    if value is None:
        return fewest_points(task)
    scores, points = zip(*sorted(task.points), strict=True)
    return float(np.interp(value, scores, points))


def most_points(task: Task) -> float | None:
    """Return the points of a perfect submission; None for a task without cut-offs."""
    return max((points for _, points in task.points), default=None)


def fewest_points(task: Task) -> float | None:
    """Return the points of a failure; None for a task without cut-offs."""
    return min((points for _, points in task.points), default=None)
