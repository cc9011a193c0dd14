"""Run the audit of learning: choose the submissions, test them, and store the findings."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import msgspec
import numpy as np

from harness.api._board import build_board
from harness.api._follow import Follower
from harness.course import Course, Submission
from harness.errors import HarnessError, SubmissionError
from harness.evaluation import Evaluator
from harness.files import write_atomically
from harness.learning import Learning, Refitted, Trial, audit_learning, worth_asking


@dataclass(frozen=True)
class Candidate:
    """A submission that is tested, and why."""

    submission: Submission
    why: str


def find_candidates(course: Course, task: str | None) -> Iterator[Candidate]:
    """Yield the submissions worth testing that still exist: the best of each task, and those that look unusual."""
    for group in build_board(course).groups:
        if task not in {None, group.key.task}:
            continue
        for record, why in worth_asking([row.record for row in group.rows]):
            name = record.submission.name
            folder = course.root / (name if name.startswith("reference/") else f"submissions/{name}")
            try:
                found = course.submissions(str(folder), group.key.task)
            except HarnessError:  # it has a record but has been removed since
                continue
            yield from (Candidate(submission, why) for submission in found)


def audit_submissions(
    course: Course, evaluator: Evaluator, candidates: Iterable[Candidate], follower: Follower
) -> dict[Submission, Learning]:
    """Test one submission after another and store the findings; if one cannot be tested, the others still are."""
    done: dict[Submission, Learning] = {}
    for one in candidates:
        follower.testing(one.submission, one.why)
        try:
            found = _audited(evaluator, one.submission)
        except (HarnessError, OSError) as error:
            follower.not_done(one.submission, error)
            continue
        done[one.submission] = found
        _keep(course, one.submission, found)
        follower.tested(one.submission, found)
    return done


def _audited(evaluator: Evaluator, submission: Submission) -> Learning:
    """Test one submission; if it cannot be fitted at all, there is no verdict."""
    generator = np.random.default_rng(int.from_bytes(os.urandom(16), "little"))
    try:
        with evaluator.refitting(submission) as fits:
            return audit_learning(
                fits.task,
                fits.data,
                lambda parts, inputs: Refitted(*fits.refit(parts, inputs)),
                generator,
                has_assets=fits.has_assets,
            )
    except SubmissionError as error:
        return Learning((Trial("fitted again", "no verdict", f"the fit failed: {error.kind} in {error.phase}"),))


def _keep(course: Course, submission: Submission, found: Learning) -> None:
    """Store the findings in the private folder."""
    path: Path = course.private / "learning" / submission.task / f"{submission.name}.json"
    trials = [msgspec.to_builtins(trial) for trial in found.trials]
    content = msgspec.json.encode({"outcome": found.outcome, "trials": trials})
    write_atomically(path, msgspec.json.format(content, indent=2) + b"\n", 0o600)
