"""Many submissions: what is to be done, who does it, points and the gradebook."""

from harness.grade._events import Advanced, Begun, Done, Event, Executor, Lost
from harness.grade._grading import Grading, describe, describe_standing
from harness.grade._journal import Journal
from harness.grade._local import Local
from harness.grade._messages import Orders
from harness.grade._points import most_points, points_for
from harness.grade._runner import places_of, sandbox_for
from harness.grade._work import Job, Kept, Obstacle, Standing, Terms, Work, plan_work

__all__ = [
    "Advanced",
    "Begun",
    "Done",
    "Event",
    "Executor",
    "Grading",
    "Job",
    "Journal",
    "Kept",
    "Local",
    "Lost",
    "Obstacle",
    "Orders",
    "Standing",
    "Terms",
    "Work",
    "describe",
    "describe_standing",
    "most_points",
    "places_of",
    "plan_work",
    "points_for",
    "sandbox_for",
]
