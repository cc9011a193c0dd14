"""Release results on a private test part: one score by the Ladder, a daily quota, and everything at the end."""

from harness.release._counts import DayCount, KeptCount, QuotaReachedError, Refusing, counts_of, refuse_over_quota
from harness.release._github_runs import GitHubRuns
from harness.release._kept_scores import Hand, KeptScores, public_score
from harness.release._withheld import is_ladder, withheld

__all__ = [
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
