"""Run the audit of learning: choose the submissions, test them, and store the findings."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec
import numpy as np

from harness._version import __version__
from harness.api._board import stores_of
from harness.api._follow import Follower
from harness.api._results import LearningFinding
from harness.course import REFERENCE, SUBMISSIONS, Course, Submission
from harness.errors import HarnessError, SubmissionError
from harness.evaluation import Evaluator, Identity
from harness.files import write_atomically
from harness.leaderboard import best_first
from harness.learning import Learning, Outcome, Refitted, Trial, audit_learning, worth_testing
from harness.record import Record

MOST_IN_A_TASK = 5
"""Maximum number of submissions of one task that a grading run tests. Each takes as long as seven fits, or more."""


class _Basis(msgspec.Struct, frozen=True, kw_only=True):
    """The facts on which a finding is based; while they are the same, nothing is tested again."""

    submission: str
    task: str
    data: str
    seed: int
    harness: str = __version__

    @classmethod
    def of_record(cls, record: Record) -> _Basis:
        task, seed = record.task, record.run.seed
        return cls(submission=record.submission.digest, task=task.digest, data=task.data_digest, seed=seed)

    @classmethod
    def of_plan(cls, plan: Identity) -> _Basis:
        digest, seed = plan.submission_digest, plan.base_seed
        return cls(submission=digest, task=plan.task_digest, data=plan.data_digest, seed=seed)


class _Stored(msgspec.Struct, frozen=True, kw_only=True):
    """The findings for one submission, as they are stored."""

    outcome: Outcome
    trials: tuple[Trial, ...]
    basis: _Basis | None = None


@dataclass(frozen=True)
class Candidate:
    """A submission to test, the reason, and its record if it has one."""

    submission: Submission
    why: str
    record: Record | None = None


def find_candidates(course: Course, base: str = SUBMISSIONS) -> Iterator[list[Candidate]]:
    """Yield for each leaderboard the submissions in `base` that are worth testing and still exist, best first."""
    records = (one for one in stores_of(course).records.all() if isinstance(one, Record))
    of_base = [one for one in records if one.submission.name.startswith(f"{REFERENCE}/") == (base == REFERENCE)]
    for ranked in best_first(of_base):
        found = []
        for record, why in worth_testing(ranked):
            name = record.submission.name
            folder = course.root / (name if base == REFERENCE else f"{base}/{name}")
            try:
                submissions = course.submissions(str(folder), record.task.name)
            except HarnessError:  # it has a record but has been removed since
                continue
            found += [Candidate(submission, why, record) for submission in submissions]
        yield found


def named_candidates(course: Course, paths: Sequence[str], task: str | None) -> list[Candidate]:
    """Return the submissions at `paths`, only those for `task` if it is given."""
    found = dict.fromkeys(one for path in paths for one in course.submissions(path, task))
    return [Candidate(one, "named") for one in found]


def candidates_among(course: Course, task: str | None) -> list[Candidate]:
    """Return the submissions on the leaderboards that are worth testing, only those for `task` if it is given."""
    found = [one for ranked in find_candidates(course) for one in ranked]
    return [one for one in found if task in {None, one.submission.task}]


def choose_of_graded(course: Course, graded: Sequence[Submission]) -> tuple[list[Candidate], list[Candidate]]:
    """Return the submissions among `graded` that a grading run tests, and unusual ones beyond the limit for a task."""
    chosen: list[Candidate] = []
    left: list[Candidate] = []
    for name in {REFERENCE if one.name.startswith(f"{REFERENCE}/") else SUBMISSIONS for one in graded}:
        for candidates in find_candidates(course, name):
            of_graded = [one for one in candidates if one.submission in graded]
            chosen += of_graded[:MOST_IN_A_TASK]
            left += of_graded[MOST_IN_A_TASK:]
    return chosen, left


def kept_finding(course: Course, one: Candidate) -> LearningFinding | None:
    """Return the earlier finding, if everything on which it is based is unchanged; None otherwise."""
    if one.record is None:
        return None
    try:
        stored = msgspec.json.decode(_path(course, one.submission).read_bytes(), type=_Stored)
    except (FileNotFoundError, msgspec.DecodeError):
        return None
    if stored.basis != _Basis.of_record(one.record):
        return None
    return LearningFinding(one.submission, one.why, Learning(stored.trials), "kept")


def audit_candidates(
    course: Course, evaluator: Evaluator, candidates: Iterable[Candidate], follower: Follower
) -> Iterator[LearningFinding]:
    """Test one submission after another and store the findings; if one cannot be tested, the others still are."""
    for one in candidates:
        follower.testing(one.submission, one.why)
        try:
            found = _tested(course, evaluator, one.submission)
        except (HarnessError, OSError) as error:
            follower.not_done(one.submission, error)
            continue
        follower.tested(one.submission, found)
        yield LearningFinding(one.submission, one.why, found, "tested")


def _tested(course: Course, evaluator: Evaluator, submission: Submission) -> Learning:
    """Test one submission and store the finding; if it cannot be fitted at all, there is no verdict."""
    generator = np.random.default_rng(int.from_bytes(os.urandom(16), "little"))
    basis: _Basis | None = None
    try:
        with evaluator.refitting(submission) as fits:
            basis = _Basis.of_plan(fits.identity)
            found = audit_learning(
                fits.task,
                fits.data,
                lambda *asked: Refitted(*fits.refit(*asked)),
                generator,
                has_assets=fits.has_assets,
            )
    except SubmissionError as error:
        found = Learning((Trial("fitted again", "no verdict", f"the fit failed: {error.kind} in {error.phase}"),))
    stored = _Stored(outcome=found.outcome, trials=found.trials, basis=basis)
    content = msgspec.json.format(msgspec.json.encode(stored), indent=2)
    write_atomically(_path(course, submission), content + b"\n", 0o600)
    return found


def _path(course: Course, submission: Submission) -> Path:
    """Return the file with the findings, in the private folder."""
    return course.private / "learning" / submission.task / f"{submission.name}.json"
