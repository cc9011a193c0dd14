"""Many submissions: what is to be done, and who does it."""

from harness.grade._cluster import Cluster
from harness.grade._events import Advanced, Begun, Done, Event, Executor, Lost, Noticed
from harness.grade._grading import Grading, describe, describe_standing
from harness.grade._journal import Journal
from harness.grade._local import Local
from harness.grade._messages import Orders
from harness.grade._parcels import TravellingData
from harness.grade._runner import places_of
from harness.grade._schedulers import scheduler
from harness.grade._work import Job, Kept, Obstacle, Standing, Terms, Work, plan_work

__all__ = [
    "Advanced",
    "Begun",
    "Cluster",
    "Done",
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
    "Standing",
    "Terms",
    "TravellingData",
    "Work",
    "describe",
    "describe_standing",
    "places_of",
    "plan_work",
    "scheduler",
]
