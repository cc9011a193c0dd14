"""Release results on a private test part: one score by the Ladder, a daily quota, and everything at the end."""

from harness.release._counts import CI_VARIABLES, DayCount, KeptCount, Refusing, counts_of, refuse_over_quota
from harness.release._github_runs import GitHubRuns
from harness.release._kept_scores import KeptScores, public_score
from harness.release._quota import Hand, QuotaReachedError
from harness.release._withheld import is_ladder, withheld

__all__ = [
    "CI_VARIABLES",
    "DayCount",
    "GitHubRuns",
    "Hand",
    "KeptCount",
    "KeptScores",
    "QuotaReachedError",
    "Refusing",
    "counts_of",
    "is_ladder",
    "public_score",
    "refuse_over_quota",
    "withheld",
]
