"""Many submissions: what is to be done, who does it, points and the gradebook."""

from harness.grade._cluster import Cluster
from harness.grade._events import Advanced, Begun, Done, Event, Executor, Lost, Noticed
from harness.grade._gradebook import Attempt, Change, Entry, changes, make_gradebook
from harness.grade._grading import Grading, describe, describe_standing
from harness.grade._journal import Journal
from harness.grade._keeping import compile_gradebook, keep_gradebook
from harness.grade._local import Local
from harness.grade._messages import Orders
from harness.grade._parcels import TravellingData
from harness.grade._points import most_points, points_for
from harness.grade._policy import POLICY_FILE, Policy
from harness.grade._roster import Person, Roster, parse_time
from harness.grade._runner import places_of
from harness.grade._schedulers import scheduler
from harness.grade._times import Times
from harness.grade._work import Job, Kept, Obstacle, Standing, Terms, Work, plan_work

__all__ = [
    "POLICY_FILE",
    "Advanced",
    "Attempt",
    "Begun",
    "Change",
    "Cluster",
    "Done",
    "Entry",
    "Event",
    "Executor",
    "Grading",
    "Job",
    "Journal",
    "Kept",
    "Local",
    "Lost",
    "Noticed",
    "Obstacle",
    "Orders",
    "Person",
    "Policy",
    "Roster",
    "Standing",
    "Terms",
    "Times",
    "TravellingData",
    "Work",
    "changes",
    "compile_gradebook",
    "describe",
    "describe_standing",
    "keep_gradebook",
    "make_gradebook",
    "most_points",
    "parse_time",
    "places_of",
    "plan_work",
    "points_for",
    "scheduler",
]
