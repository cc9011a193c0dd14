"""Count hand-ins on Gradescope, and find the released score, in Gradescope's own list, which students cannot change."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import msgspec

from harness.errors import InfrastructureError
from harness.record import PublicScore

METADATA = "submission_metadata.json"
RELEASED = "released"
"""The key of the released score within `extra_data`, which students do not see."""


class _ExtraData(msgspec.Struct):
    released: PublicScore | None = None
    scored: bool = False


class _EarlierResults(msgspec.Struct):
    extra_data: _ExtraData = msgspec.field(default_factory=_ExtraData)


class _Earlier(msgspec.Struct):
    submission_time: datetime
    score: float | str | None = None
    results: _EarlierResults | None = None

    @property
    def was_scored(self) -> bool:
        """Whether it has a score. A hand-in that failed, was refused or could not be graded does not count."""
        return self.results is not None and self.results.extra_data.scored


class _HandInMetadata(msgspec.Struct):
    created_at: datetime
    previous_submissions: list[_Earlier]


@dataclass(frozen=True)
class EarlierHandIns:
    """The earlier hand-ins, according to Gradescope."""

    today: int
    """The number of hand-ins that were scored on the same day, in the time zone of Gradescope's dates."""
    released: PublicScore | None
    """The best released score, which is also the newest one because released scores never get worse."""
    score: float
    """The points of the last hand-in; 0 if there is none."""


def earlier_hand_ins(metadata: Path) -> EarlierHandIns:
    """Read Gradescope's list of earlier hand-ins.

    Raises:
        InfrastructureError: there is no such list, so it is unknown which score was released.
    """
    try:
        found = msgspec.json.decode(metadata.read_bytes(), type=_HandInMetadata)
    except (OSError, msgspec.DecodeError) as error:
        raise InfrastructureError(
            f"Gradescope's {metadata.name} does not list earlier hand-ins ({error}): without this count nothing is "
            "scored on the private part; run the autograder on Gradescope, or grade on a machine of your own"
        ) from error
    earlier = sorted(found.previous_submissions, key=lambda one: one.submission_time)
    released = [one.results.extra_data.released for one in earlier if one.results is not None]
    return EarlierHandIns(
        today=sum(one.was_scored and _day(one.submission_time, found.created_at) for one in earlier),
        released=next((score for score in reversed(released) if score is not None), None),
        score=_points(earlier[-1].score) if earlier else 0.0,
    )


def _day(moment: datetime, of: datetime) -> bool:
    return moment.astimezone(of.tzinfo).date() == of.date()


def _points(score: float | str | None) -> float:
    try:
        return float(score or 0)
    except ValueError:
        return 0.0
