"""Count how often a person's work was scored on a private part today, in a place where that person cannot change it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from harness.errors import UsageError
from harness.release._github_runs import GitHubRuns
from harness.release._kept_scores import KeptScores
from harness.release._quota import Hand, refuse_if_reached

CI_VARIABLES = ("CI", "TF_BUILD", "JENKINS_URL", "TEAMCITY_VERSION", "CODEBUILD_BUILD_ID")
"""What is set within CI: by nearly all of them, by Azure Pipelines, Jenkins, TeamCity and AWS CodeBuild."""


class DayCount(Protocol):
    """Counts the hand-ins of a day."""

    def handed_in(self, hand: Hand, now: datetime) -> int:
        """Return the number of other hand-ins by the same person that were scored on the day of `now`, in UTC.

        Raises:
            HarnessError: the number is not available.
        """


@dataclass(frozen=True)
class KeptCount:
    """Counts what this machine has scored, which is right if no other machine holds the private part."""

    scores: KeptScores

    def handed_in(self, hand: Hand, now: datetime) -> int:
        """Return the number of other versions that were scored here today."""
        return self.scores.handed_in(hand, now)


@dataclass(frozen=True)
class Refusing:
    """Raises instead of counting, on a machine where the student could change any count."""

    why: str
    remedy: str = ""
    """What to do where the reason is wrong."""

    def handed_in(self, hand: Hand, now: datetime) -> int:
        """Raise, because no count can be trusted here."""
        del now
        raise UsageError(
            f"task {hand.task} limits what is published about its private part (quota=, public_score=), and {self.why}"
            f": score on the validation part (--score-on validation), or on a machine of your own that keeps "
            f"HARNESS_PRIVATE"
            f"{self.remedy}"
        )


def counts_of(environment: Mapping[str, str], scores: KeptScores) -> DayCount:
    """Return the count to use: GitHub's within its workflows, none within other CI, and the harness's own elsewhere."""
    if environment.get("GITHUB_ACTIONS") == "true":
        found = GitHubRuns.of(environment)
        return Refusing(found) if isinstance(found, str) else found
    for name in CI_VARIABLES:
        if environment.get(name, "").lower() not in ("", "0", "false"):
            return Refusing(
                f"{name}={environment[name]} says that this is CI, of whose runs the harness can read no count",
                f"; if this is such a machine, unset {name}, and the harness counts there itself",
            )
    return KeptCount(scores)


def refuse_over_quota(quota: int | None, hand: Hand, count: DayCount, now: datetime) -> None:
    """Raise if one more hand-in today would exceed the `quota` of the task; None means that there is no limit.

    Raises:
        QuotaReachedError: the quota would be exceeded.
        HarnessError: there is no count that can be trusted.
    """
    if quota is None and not isinstance(count, Refusing):
        return
    refuse_if_reached(quota, hand, count.handed_in(hand, now))
