"""How many versions of somebody's work a task allows a day."""

from __future__ import annotations

from dataclasses import dataclass

from harness.errors import InfrastructureError
from harness.text import count_of


class QuotaReachedError(InfrastructureError):
    """Nothing was scored, because the quota of the task for today is used up."""


@dataclass(frozen=True, kw_only=True)
class Hand:
    """One version of one person's work on a task."""

    task: str
    submission: str
    digest: str
    """The digest of its files. Handing in the same files again on the same day does not count."""


def refuse_if_reached(quota: int | None, hand: Hand, scored: int) -> None:
    """Refuse one more hand-in on a day on which `scored` others were scored; a quota of None is no limit.

    Raises:
        QuotaReachedError: the quota allows no more.
    """
    if quota is not None and scored >= quota:
        done = count_of(scored, "hand-in was", "hand-ins were")
        raise QuotaReachedError(
            f"{hand.submission} · {hand.task}: {done} scored on the private part today, and the task allows {quota} a "
            f"day (quota={quota}): hand in again tomorrow (UTC); the results so far stand"
        )
