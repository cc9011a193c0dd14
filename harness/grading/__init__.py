"""Grade many submissions: plan the jobs, and run them on this machine or on a cluster."""

from harness.grading._cluster import Cluster
from harness.grading._events import Advanced, Begun, Event, Executor, JobDone, Lost, Noticed
from harness.grading._grading import Grading, describe, describe_standing
from harness.grading._journal import Journal
from harness.grading._local import LocalExecutor
from harness.grading._parcels import TravellingData
from harness.grading._runner import places_of
from harness.grading._runner_messages import Orders
from harness.grading._schedulers import scheduler
from harness.grading._work import Job, Kept, Obstacle, Standing, Terms, Work, plan_work

__all__ = [
    "Advanced",
    "Begun",
    "Cluster",
    "Event",
    "Executor",
    "Grading",
    "Job",
    "JobDone",
    "Journal",
    "Kept",
    "LocalExecutor",
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
