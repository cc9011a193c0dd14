"""Ask whether scores were learned here: whom, and where what is found is kept."""

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
class Suspect:
    """A submission that is asked, and why."""

    submission: Submission
    why: str


def worth_asking_in(course: Course, task: str | None) -> Iterator[Suspect]:
    """Yield what the leaderboard says is worth asking and is still there: the best of each task, and what looks odd."""
    for group in build_board(course).groups:
        if task not in {None, group.key.task}:
            continue
        for record, why in worth_asking([row.record for row in group.rows]):
            name = record.submission.name
            folder = course.root / (name if name.startswith("reference/") else f"submissions/{name}")
            try:
                found = course.submissions(str(folder), group.key.task)
            except HarnessError:  # it was handed in once, and is gone
                continue
            yield from (Suspect(submission, why) for submission in found)


def ask_all(
    course: Course, evaluator: Evaluator, suspects: Iterable[Suspect], follower: Follower
) -> dict[Submission, Learning]:
    """Audit one submission after the other and keep what is found; one that cannot be asked stops no other."""
    done: dict[Submission, Learning] = {}
    for one in suspects:
        follower.asking(one.submission, one.why)
        try:
            found = _asked(evaluator, one.submission)
        except (HarnessError, OSError) as error:
            follower.not_done(one.submission, error)
            continue
        done[one.submission] = found
        _keep(course, one.submission, found)
        follower.asked(one.submission, found)
    return done


def _asked(evaluator: Evaluator, submission: Submission) -> Learning:
    """Audit one submission; one that cannot be fitted at all gives no verdict."""
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
    """Keep what was found where nothing is published."""
    path: Path = course.private / "learning" / submission.task / f"{submission.name}.json"
    trials = [msgspec.to_builtins(trial) for trial in found.trials]
    content = msgspec.json.encode({"outcome": found.outcome, "trials": trials})
    write_atomically(path, msgspec.json.format(content, indent=2) + b"\n", 0o600)
