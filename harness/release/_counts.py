"""Count how often somebody's work was scored on a private part today, where that person cannot reset the count."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from harness.errors import InfrastructureError, UsageError
from harness.release._github_runs import GitHubRuns
from harness.release._kept_scores import Hand, KeptScores
from harness.text import count_of


class QuotaReachedError(InfrastructureError):
    """Nothing was scored, because the quota of the task for today is used up."""


class DayCount(Protocol):
    """Counts hand-ins of a day."""

    def handed_in(self, hand: Hand, now: datetime) -> int:
        """Return how many other hand-ins of that person were scored on the day of `now`, in UTC.

        Raises:
            HarnessError: it cannot be known.
        """


@dataclass(frozen=True)
class KeptCount:
    """Counts what this machine has scored itself; right where the private part is in one place, which lasts."""

    scores: KeptScores

    def handed_in(self, hand: Hand, now: datetime) -> int:
        """Return the number of other versions that were scored here today."""
        return self.scores.handed_in(hand, now)


@dataclass(frozen=True)
class Refusing:
    """Counts nothing, where nobody but the student could tell."""

    why: str

    def handed_in(self, hand: Hand, now: datetime) -> int:
        """Raise, because it cannot be known."""
        del now
        raise UsageError(
            f"task {hand.task} limits what is told of its private part (quota=, public_score=), and {self.why}: score "
            "on the validation part (--score-on validation), or on a machine of your own that keeps HARNESS_PRIVATE"
        )


def counts_of(environment: Mapping[str, str], scores: KeptScores) -> DayCount:
    """Return who counts on this machine: GitHub within its workflows, nobody within other CI, else the harness."""
    if environment.get("GITHUB_ACTIONS") == "true":
        found = GitHubRuns.of(environment)
        return Refusing(found) if isinstance(found, str) else found
    if environment.get("CI", "").lower() not in ("", "0", "false"):
        return Refusing("this CI gives no count of runs that the harness can read")
    return KeptCount(scores)


def refuse_over_quota(quota: int | None, hand: Hand, count: DayCount, now: datetime) -> None:
    """Raise if one more hand-in today is more than the `quota` of the task, where None is no limit.

    Raises:
        QuotaReachedError: it is.
        HarnessError: nobody who can be trusted counts.
    """
    if quota is None and not isinstance(count, Refusing):
        return
    scored = count.handed_in(hand, now)
    if quota is not None and scored >= quota:
        done = count_of(scored, "hand-in was", "hand-ins were")
        raise QuotaReachedError(
            f"{hand.submission} · {hand.task}: {done} scored on the private part today, and the task allows {quota} a "
            f"day (quota={quota}): hand in again tomorrow (UTC); the results so far stand"
        )
