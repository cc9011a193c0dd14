"""Keep the full records of submissions that were scored on a private part, next to that part, and what was released."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import numpy as np

from harness.errors import InfrastructureError
from harness.files import write_atomically
from harness.locks import exclusive_lock
from harness.record import Compared, Evidence, PublicScore, Record, Score
from harness.release._quota import Hand, refuse_if_reached
from harness.release._withheld import is_ladder, withheld
from harness.statistics import (
    NORMAL_95,
    error_of_difference,
    error_of_unpaired_difference,
    ladder_release,
    variance_of_mean,
)

FOLDER = ".released"
"""The folder of these files within the private folder, next to those of the tasks; one file for each submission."""
_FORM = 1
_REMEMBERED = timedelta(days=2)
"""How long versions are counted: an evaluation that began before midnight may end after one that began later."""


class _ScoredVersion(msgspec.Struct, frozen=True):
    """One hand-in that was scored on the private part."""

    digest: str
    """The digest of the submission's files."""
    at: datetime


class _ScoreFile(msgspec.Struct, frozen=True, kw_only=True):
    form: int = _FORM
    data_digest: str
    """The digest of the private data that were used for scoring."""
    released: PublicScore | None = None
    best: bytes | None = None
    """The data for comparing others with the submission whose score was released."""
    scored: tuple[_ScoredVersion, ...] = ()
    full: Record | None = None
    """The newest record, including everything that is withheld."""


@dataclass(frozen=True)
class KeptScores:
    """The results on private parts, in ``<private>/.released/<task>/<name>.json``, which no student can write."""

    private: Path

    def release(self, record: Record, evidence: Evidence, shown: Record | None = None) -> Record:
        """Keep the full `record`, and return the part of it that may be published.

        A record of any other part is returned unchanged. `shown` is the record that is public so far: where what was
        kept is lost, or was restored from an older backup, the score that it shows stays released.

        Raises:
            InfrastructureError: the earlier file cannot be read, or the new one cannot be written.
        """
        if not is_ladder(record):
            return record
        with self._locked(record.task.name, record.submission.name) as path:
            before = _at_least_as_shown(_read(path, record.task.data_digest), record, shown)
            after = _after(before, record, evidence.compared())
            write_atomically(path, msgspec.json.encode(after), 0o600)
        return withheld(record, after.released)

    def note(self, hand: Hand, now: datetime, quota: int | None) -> None:
        """Count one version that was scored on the private part; the same files count once a day.

        Raises:
            QuotaReachedError: other evaluations have used up the `quota` meanwhile; the new score may not be published.
        """
        with self._locked(hand.task, hand.submission) as path:
            before, today = _read(path, None), now.astimezone(UTC)
            refuse_if_reached(quota, hand, len(_others_of_day(before, hand, now)))
            near = [one for one in before.scored if abs(one.at - today) <= _REMEMBERED]
            others = [one for one in near if (one.digest, one.at.date()) != (hand.digest, today.date())]
            after = msgspec.structs.replace(before, scored=(*others, _ScoredVersion(hand.digest, today)))
            write_atomically(path, msgspec.json.encode(after), 0o600)

    def handed_in(self, hand: Hand, day: datetime) -> int:
        """Return the number of other versions of a submission that were scored on the day (UTC) of `day`."""
        found = self._find(hand.task, hand.submission)
        return 0 if found is None else len(_others_of_day(found, hand, day))

    def full_record(self, public: Record) -> Record | None:
        """Return the full record behind the published record `public`; None if this machine does not have it."""
        found = self._find(public.task.name, public.submission.name)
        full = None if found is None else found.full
        return full if full is not None and full.run.id == public.run.id else None

    def _path(self, task: str, submission: str) -> Path:
        return self.private / FOLDER / task / f"{submission}.json"

    def _find(self, task: str, submission: str) -> _ScoreFile | None:
        path = self._path(task, submission)
        return _read(path, None) if path.exists() else None

    @contextmanager
    def _locked(self, task: str, submission: str) -> Iterator[Path]:
        path = self._path(task, submission)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            (self.private / FOLDER).chmod(0o700)
            with exclusive_lock(path.with_suffix(".lock")):
                yield path
        except OSError as error:
            raise InfrastructureError(
                f"task {task}: results on its private part are kept in {path.parent}, which failed ({error}): make the "
                "folder writable for the harness; until then nothing is scored on the private part"
            ) from error


def _read(path: Path, data_digest: str | None) -> _ScoreFile:
    """Return what was kept, or an empty file if there is none or if the private part has changed since."""
    try:
        found = msgspec.json.decode(path.read_bytes(), type=_ScoreFile)
    except FileNotFoundError:
        return _ScoreFile(data_digest=data_digest or "")
    except msgspec.DecodeError as error:
        raise InfrastructureError(
            f"{path} is damaged ({error}): restore it from a backup; without it, it is unknown what was released"
        ) from error
    if data_digest is None or found.data_digest == data_digest:
        return found
    return _ScoreFile(data_digest=data_digest, scored=found.scored)


def _others_of_day(found: _ScoreFile, hand: Hand, day: datetime) -> set[str]:
    """Return the digests of the other versions that were scored on the day (UTC) of `day`."""
    today = day.astimezone(UTC).date()
    return {one.digest for one in found.scored if one.at.date() == today} - {hand.digest}


def _at_least_as_shown(kept: _ScoreFile, record: Record, shown: Record | None) -> _ScoreFile:
    """Return what was kept, with the score that `shown` shows of the same data where that is better."""
    if shown is None or not is_ladder(shown) or shown.task.data_digest != record.task.data_digest:
        return kept
    one, other = shown.public_score, kept.released
    if one is None or (other is not None and (one.name != other.name or not _is_better(one, other))):
        return kept
    return msgspec.structs.replace(kept, released=one, best=None)


def _is_better(one: PublicScore, other: PublicScore) -> bool:
    return one.value > other.value if one.higher_is_better else one.value < other.value


def _after(before: _ScoreFile, record: Record, compared: Compared) -> _ScoreFile:
    best = None if before.best is None else Compared.unpack(before.best)
    released = public_score(record, compared, before.released, best)
    is_new = released != before.released
    return msgspec.structs.replace(
        before, full=record, released=released, best=compared.pack() if is_new else before.best
    )


def public_score(
    record: Record, compared: Compared, former: PublicScore | None, best: Compared | None
) -> PublicScore | None:
    """Return the score that is released after `record`: a new one, or the `former` one, which `best` reached."""
    score = None if record.status == "failed" else record.primary
    if score is None:
        return former
    known = former is not None and former.name == score.name
    value = ladder_release(
        score.value,
        former.value if known and former is not None else None,
        noise(score, compared, best) if known else 0.0,
        _step(score, record),
        higher_is_better=score.higher_is_better,
    )
    return PublicScore(name=score.name, value=value, higher_is_better=score.higher_is_better, unit=score.unit)


def noise(score: Score, compared: Compared, best: Compared | None) -> float:
    """Return the standard error of the difference from the best submission, paired by items if both are known."""
    items, best_items = compared.items, None if best is None else best.items
    if items is not None and best_items is not None and len(items) == len(best_items):
        return error_of_difference(items, best_items, compared.groups)
    draws, best_draws = compared.draws, None if best is None else best.draws
    if draws is not None and best_draws is not None and len(draws) == len(best_draws):
        return float(np.std(draws - best_draws, ddof=1))
    if items is not None:
        return error_of_unpaired_difference(math.sqrt(variance_of_mean(items, compared.groups)))
    if draws is not None:
        return error_of_unpaired_difference(float(np.std(draws, ddof=1)))
    return error_of_unpaired_difference((score.high - score.low) / 2 / NORMAL_95)


def _step(score: Score, record: Record) -> float:
    """Return the step of released scores, which are multiples of it.

    For a score between 0 and 1 it is the share of one item. For other metrics it is the power of ten below their
    uncertainty, because more digits would say nothing about the model.
    """
    half = (score.high - score.low) / 2
    if 0 <= score.low <= score.high <= 1 and not score.unit:
        return 1 / max(record.task.n_test, 1)
    return 10.0 ** math.floor(math.log10(half)) if half > 0 else 0.0
