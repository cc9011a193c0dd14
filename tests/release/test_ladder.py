"""The Ladder releases a score only where it is better by more than noise, and everything else is withheld."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from harness.errors import InfrastructureError
from harness.record import Audit, Claims, Compared, Evidence, Failure, PublicScore, Record, Repeat, Score, to_plain
from harness.release import Hand, KeptScores, QuotaReachedError, public_score, withheld
from harness.statistics import error_of_difference, ladder_release
from tests.records import RECORD, changed, failing

pytestmark = pytest.mark.unit
Array = np.ndarray[Any, Any]

ITEMS = 400
PRIVATE = {"scored_on": "test", "test_labels": "private", "n_test": ITEMS, "public_scores": "ladder"}
NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)


def right(share: float, seed: int = 0) -> Array:
    """Return which items a model gets right; the same items for a larger share, and some more."""
    order = np.random.default_rng(seed).permutation(ITEMS)
    found: Array = order < round(share * ITEMS)
    return found


def scored(outcomes: Array, *, run: str = "a", **more: Any) -> tuple[Record, Evidence]:
    value = float(outcomes.mean())
    accuracy = Score(
        name="accuracy", value=value, low=value - 0.03, high=value + 0.03, higher_is_better=True, unit="", primary=True
    )
    about = {"id": run, "repeats": (Repeat(seed=1, value=value),), "evidence_digest": f"sha256:{run}"}
    return changed(task=PRIVATE, scores=(accuracy,), run=about, **more), Evidence(outcomes=outcomes)


@pytest.mark.parametrize(
    ("value", "noise", "expected"),
    [(0.95, 0.01, 0.95), (0.92, 0.021, 0.9), (0.92, 0.019, 0.92), (0.85, 0.0, 0.9), (0.9, 0.0, 0.9)],
)
def test_a_score_is_new_only_if_better_by_more_than_noise(value: float, noise: float, expected: float) -> None:
    assert ladder_release(value, 0.9, noise, 0.001, higher_is_better=True) == pytest.approx(expected)
    lower = ladder_release(-value, -0.9, noise, 0.001, higher_is_better=False)
    assert lower == pytest.approx(-expected)


def test_a_released_score_is_rounded_to_one_item() -> None:
    assert ladder_release(0.93337, None, 0.0, 1 / 400, higher_is_better=True) == pytest.approx(373 / 400)


def test_noise_is_of_the_difference_on_the_same_items_or_people() -> None:
    first, second = right(0.9), right(0.8)
    alone = error_of_difference(first, second, None)
    assert alone == pytest.approx(np.sqrt(0.1 * 0.9 / (ITEMS - 1)))
    people = np.repeat(np.arange(20), 20)
    in_a_row = np.arange(ITEMS) < 360, np.arange(ITEMS) < 320
    assert error_of_difference(*in_a_row, people) > 4 * error_of_difference(*in_a_row, None)
    assert error_of_difference(first, first, None) == 0


def attacked(answer: Any, labels: Array, tries: int = 300) -> float:
    """Submit random labels, keep what seems to help, and return how good the majority of it is (Blum & Hardt, 5)."""
    generator, kept = np.random.default_rng(1), []
    for _ in range(tries):
        guess = generator.integers(0, 2, len(labels))
        told = answer(guess == labels)
        if told > 0.5:
            kept.append(guess)
    majority = np.mean(kept, axis=0) > 0.5 if kept else np.zeros(len(labels))
    return float((majority == labels).mean())


def test_random_submissions_do_not_climb_with_the_ladder() -> None:
    labels = np.random.default_rng(0).integers(0, 2, ITEMS)
    assert attacked(lambda correct: correct.mean(), labels) > 0.65
    state: dict[str, Any] = {"score": None, "best": None}

    def by_ladder(correct: Array) -> float:
        record, evidence = scored(correct)
        after = public_score(record, evidence.compared(), state["score"], state["best"])
        assert after is not None
        is_new = after != state["score"]
        state.update(score=after, best=evidence.compared() if is_new else state["best"])
        return after.value if is_new else 0.0  # what did not move tells nothing

    assert attacked(by_ladder, labels) < 0.6


def kept(path: Path, record: Record, evidence: Evidence) -> PublicScore | None:
    return KeptScores(path).release(record, evidence).public_score


def test_the_best_score_stays_until_a_better_one_is_released(tmp_path: Path) -> None:
    tried = (right(0.8), right(0.81, seed=1), right(0.7), right(0.9))
    released = [kept(tmp_path, *scored(outcomes)) for outcomes in tried]
    assert [score and score.value for score in released] == pytest.approx([0.8, 0.8, 0.8, 0.9])


def test_everybody_and_every_task_has_a_ladder_of_its_own(tmp_path: Path) -> None:
    kept(tmp_path, *scored(right(0.9)))
    other = kept(tmp_path, *scored(right(0.6), submission={"name": "eve"}))
    task = kept(
        tmp_path, *((changed(one, task={"name": "rings"}), two) for one, two in [scored(right(0.5))]).__next__()
    )
    assert other is not None
    assert task is not None
    assert (other.value, task.value) == pytest.approx((0.6, 0.5))


def test_a_new_private_part_begins_a_new_ladder(tmp_path: Path) -> None:
    kept(tmp_path, *scored(right(0.9)))
    record, evidence = scored(right(0.6))
    found = kept(tmp_path, changed(record, task={"data_digest": "sha256:other"}), evidence)
    assert found is not None
    assert found.value == pytest.approx(0.6)


def test_without_evidence_of_the_best_a_larger_gain_is_needed() -> None:
    record, evidence = scored(right(0.83))
    former = PublicScore(name="accuracy", value=0.8, higher_is_better=True, unit="")
    paired = public_score(record, evidence.compared(), former, Compared(right(0.8), None))
    alone = public_score(changed(record), evidence.compared(), former, None)
    assert paired is not None
    assert alone is not None
    assert (paired.value, alone.value) == pytest.approx((0.83, 0.83))
    barely, other = scored(right(0.81))
    assert public_score(barely, other.compared(), former, None) == former


def test_draws_of_a_figure_that_is_not_a_proportion_are_compared() -> None:
    generator = np.random.default_rng(0)
    shared = generator.normal(0, 0.02, 1000)
    record, _ = scored(right(0.85))
    former = PublicScore(name="accuracy", value=0.8, higher_is_better=True, unit="")
    best = Compared(None, 0.8 + shared)
    same = public_score(record, Compared(None, 0.85 + shared), former, best)
    noisy = public_score(record, Compared(None, 0.85 + generator.normal(0, 0.06, 1000)), former, best)
    assert same is not None
    assert same.value == pytest.approx(0.85)
    assert noisy == former


SECRETS = (0.7531, 0.6127, 0.8911, 0.0417, 0.5923)


def full() -> tuple[Record, Evidence]:
    """Return a record in which everything that is computed from the private part can be recognised."""
    value, low, high, p_value, other = SECRETS
    scores = tuple(
        Score(name=name, value=of, low=low, high=high, higher_is_better=True, unit="", primary=name == "accuracy")
        for name, of in (("accuracy", value), ("macro_f1", other))
    )
    record = changed(
        task=PRIVATE,
        status="below_baseline",
        scores=scores,
        baseline={"met": False, "p_value": p_value},
        audits=(Audit(name="altered inputs score as well", passed=True, severity="fail", detail=f"costs {other}"),),
        run={"repeats": (Repeat(seed=1, value=value),), "evidence_digest": "sha256:evidence"},
        claims=Claims(metric="accuracy", p_value=p_value, retrained=scores[0]),
    )
    return record, Evidence(outcomes=right(value))


def test_a_withheld_record_holds_nothing_computed_from_private_data(tmp_path: Path) -> None:
    record, evidence = full()
    public = KeptScores(tmp_path).release(record, evidence)
    text = json.dumps(to_plain(public))
    assert not any(str(secret) in text for secret in SECRETS)
    assert "below_baseline" not in text
    assert "evidence" not in text.replace("evidence_digest", "")
    assert public.status == "withheld"
    assert public.public_score is not None
    assert public.public_score.value == pytest.approx(round(0.7531 * ITEMS) / ITEMS)
    assert KeptScores(tmp_path).full_record(public) == record


def test_a_failure_is_reported_but_not_one_that_an_audit_found() -> None:
    crashed = withheld(changed(failing(), task=PRIVATE), None)
    assert (crashed.status, crashed.failure is not None) == ("failed", True)
    record, _ = full()
    found = Failure(kind="audit_failed", phase="audit", message="costs 0.3", file=None, line=None, log_tail="")
    caught = withheld(msgspec.structs.replace(record, status="failed", failure=found), None)
    assert (caught.status, caught.failure, caught.scores) == ("withheld", None, ())


def test_a_submission_that_an_audit_fails_releases_nothing(tmp_path: Path) -> None:
    record, evidence = scored(right(0.99), status="failed")
    assert kept(tmp_path, record, evidence) is None


@pytest.mark.parametrize("part", [{"scored_on": "validation"}, {"test_labels": "public"}, {"public_scores": "every"}])
def test_records_of_other_parts_are_not_touched(tmp_path: Path, part: dict[str, str]) -> None:
    record, evidence = scored(right(0.8))
    other = changed(record, task=part)
    assert KeptScores(tmp_path).release(other, evidence) == other
    assert list(tmp_path.iterdir()) == []


def test_only_the_owner_may_read_the_kept_scores(tmp_path: Path) -> None:
    kept(tmp_path, *scored(right(0.8)))
    (file,) = tmp_path.rglob("*.json")
    assert file.stat().st_mode & 0o077 == 0
    assert (tmp_path / ".released").stat().st_mode & 0o077 == 0


def test_a_damaged_file_is_named_and_nothing_is_released(tmp_path: Path) -> None:
    kept(tmp_path, *scored(right(0.8)))
    (file,) = tmp_path.rglob("*.json")
    file.write_text("{")
    with pytest.raises(InfrastructureError, match=r"is damaged .* restore it from a backup"):
        kept(tmp_path, *scored(right(0.9)))
    assert file.read_text() == "{"


def test_versions_of_a_day_are_counted_and_the_same_files_once(tmp_path: Path) -> None:
    scores = KeptScores(tmp_path)

    def hand(digest: str) -> Hand:
        return Hand(task="blobs", submission="bob", digest=digest)

    for digest in ("one", "two", "two"):
        scores.note(hand(digest), NOW, None)
    assert scores.handed_in(hand("three"), NOW) == 2
    assert scores.handed_in(hand("two"), NOW) == 1
    assert scores.handed_in(Hand(task="blobs", submission="eve", digest="three"), NOW) == 0
    assert scores.handed_in(hand("three"), NOW + timedelta(days=1)) == 0
    kept(tmp_path, *scored(right(0.8)))
    assert scores.handed_in(hand("three"), NOW) == 2


def test_of_two_versions_scored_at_once_one_is_released(tmp_path: Path) -> None:
    scores = KeptScores(tmp_path)
    first, second = (Hand(task="blobs", submission="bob", digest=digest) for digest in ("first", "second"))
    assert scores.handed_in(first, NOW) == scores.handed_in(second, NOW) == 0
    scores.note(first, NOW, 1)
    with pytest.raises(QuotaReachedError, match="1 hand-in was scored on the private part today"):
        scores.note(second, NOW, 1)
    scores.note(first, NOW, 1)  # the same files again


def test_a_hand_in_begun_before_midnight_counts_for_that_day(tmp_path: Path) -> None:
    scores = KeptScores(tmp_path)
    early, late = (Hand(task="blobs", submission="bob", digest=digest) for digest in ("early", "late"))
    midnight = NOW.replace(hour=0) + timedelta(days=1)
    scores.note(late, midnight + timedelta(minutes=1), 1)
    scores.note(early, midnight - timedelta(minutes=1), 1)
    assert scores.handed_in(early, midnight) == scores.handed_in(late, NOW) == 1


def test_a_public_score_stays_if_the_file_of_kept_scores_is_lost(tmp_path: Path) -> None:
    public = KeptScores(tmp_path / "first").release(*scored(right(0.9)))
    again = KeptScores(tmp_path / "second").release(*scored(right(0.7), run="b"), shown=public)
    assert again.public_score == public.public_score
    better = KeptScores(tmp_path / "third").release(*scored(right(0.95), run="b"), shown=public)
    assert better.public_score is not None
    assert better.public_score.value == pytest.approx(0.95)
    other = changed(public, task={"data_digest": "sha256:other"})
    anew = KeptScores(tmp_path / "fourth").release(*scored(right(0.7), run="b"), shown=other)
    assert anew.public_score is not None
    assert anew.public_score.value == pytest.approx(0.7)


def test_an_older_backup_of_kept_scores_takes_no_public_score_back(tmp_path: Path) -> None:
    scores = KeptScores(tmp_path)
    scores.release(*scored(right(0.8)))
    (file,) = tmp_path.rglob("*.json")
    backup = file.read_bytes()
    public = scores.release(*scored(right(0.9), run="b"))
    file.write_bytes(backup)
    assert scores.release(*scored(right(0.85), run="c"), shown=public).public_score == public.public_score


def test_the_full_record_of_another_run_is_not_used(tmp_path: Path) -> None:
    public = KeptScores(tmp_path).release(*scored(right(0.8), run="first"))
    KeptScores(tmp_path).release(*scored(right(0.9), run="second"))
    assert KeptScores(tmp_path).full_record(public) is None


def test_a_record_of_an_earlier_version_is_read_as_not_withheld() -> None:
    plain = to_plain(RECORD)
    del plain["public_score"], plain["task"]["public_scores"]
    assert msgspec.convert(plain, Record) == RECORD
