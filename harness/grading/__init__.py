"""Grade many submissions: plan the jobs, and run them on this machine or on a cluster."""

from harness.grading._cluster import Cluster
from harness.grading._events import Event, Executor, JobDone, JobLost, JobStarted, NoticeRaised, PhaseReached
from harness.grading._grading import Grading, describe, describe_summary
from harness.grading._journal import Journal
from harness.grading._local import LocalExecutor
from harness.grading._parcels import DataParcel
from harness.grading._runner import places_of
from harness.grading._runner_messages import Orders
from harness.grading._schedulers import scheduler
from harness.grading._work import Job, Kept, Obstacle, ResultSummary, Terms, Work, plan_work

__all__ = [
    "Cluster",
    "DataParcel",
    "Event",
    "Executor",
    "Grading",
    "Job",
    "JobDone",
    "JobLost",
    "JobStarted",
    "Journal",
    "Kept",
    "LocalExecutor",
    "NoticeRaised",
    "Obstacle",
    "Orders",
    "PhaseReached",
    "ResultSummary",
    "Terms",
    "Work",
    "describe",
    "describe_summary",
    "places_of",
    "plan_work",
    "scheduler",
]
