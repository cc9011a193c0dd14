"""Many submissions: points and the gradebook."""

from harness.grade._points import most_points, points_for

__all__ = ["most_points", "points_for"]
