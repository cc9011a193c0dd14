"""Grade one submission inside Gradescope: ``python -I -m harness.lms.gradescope_run /autograder``."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import msgspec

from harness.contract import Task
from harness.course import Course, Submission
from harness.data import Places
from harness.errors import HarnessError
from harness.evaluation import Evaluator, Settings, SilentObserver
from harness.files import write_atomically
from harness.gradebook import most_points, points_for
from harness.lms._members import Refused, why_skipped
from harness.lms._unpack import find_home
from harness.lms.gradescope import (
    Results,
    results_json,
    results_of,
    results_of_problem,
    results_of_refusal,
    results_over_quota,
)
from harness.lms.gradescope_bundle import COURSE, DATA, PRIVATE, SETTINGS, BundleSettings
from harness.lms.gradescope_quota import METADATA, EarlierHandIns, earlier_hand_ins
from harness.programs import forget_current_folder
from harness.record import Record
from harness.release import is_ladder, public_score, withheld
from harness.sandbox import Requirement, find_required_sandbox
from harness.scratch import scratch

_NAME = "submission"


class _Assignment(msgspec.Struct):
    total_points: float | str | None = None


class _Metadata(msgspec.Struct):
    assignment: _Assignment = msgspec.field(default_factory=_Assignment)


@dataclass(frozen=True)
class _Outcome:
    """A full record, and the part of it that may be shown before grades are published."""

    record: Record
    public: Record


def run_in_gradescope(root: Path) -> Results:
    """Grade the submission in `root`/submission with the bundle in `root`/source."""
    source = root / "source"
    try:
        settings = msgspec.json.decode((source / SETTINGS).read_bytes(), type=BundleSettings)
        course = Course(source / COURSE)
        task = course.task(settings.task)
        is_counted = task.limits_release and settings.score_on == "test"
        before = earlier_hand_ins(root / METADATA) if is_counted else None
        if before is not None and task.quota is not None and before.today >= task.quota:
            return results_over_quota(before, task.quota)
        outcome = _evaluate(course, settings, source, root / "submission", before)
        return results_of(outcome.record, _share(task, outcome.record), _total(root), outcome.public)
    except Refused as reason:
        return results_of_refusal(str(reason))
    except (HarnessError, OSError, msgspec.DecodeError) as error:
        return results_of_problem(str(error))


def main() -> None:
    """Write `results.json` for the folder that the command line names, by default ``/autograder``."""
    forget_current_folder()
    root = Path(sys.argv[1] if len(sys.argv) > 1 else "/autograder").absolute()
    write_atomically(root / "results" / "results.json", results_json(run_in_gradescope(root)))


def _evaluate(
    course: Course, settings: BundleSettings, source: Path, handed_in: Path, before: EarlierHandIns | None
) -> _Outcome:
    with scratch("cache") as cache:
        places = Places(root=_folder(source / DATA), cache=cache, private=_folder(source / PRIVATE), offline=True)
        sandbox = find_required_sandbox([source, handed_in], Requirement.parse(settings.isolation))
        wanted = Settings(data=settings.data, weights="declared", score_on=settings.score_on)
        submission = Submission(_NAME, settings.task, _work_in(handed_in, settings.task))
        with Evaluator(course, sandbox, places, wanted) as evaluator:
            result = evaluator.run(submission, SilentObserver())
    record = result.record
    if before is None or not is_ladder(record):
        return _Outcome(record, record)
    released = public_score(record, result.evidence.compared(), before.released, None)
    return _Outcome(record, withheld(record, released))


def _work_in(folder: Path, task: str) -> Path:
    """Return the folder that holds the work: `folder` or one within it. No link is followed.

    Raises:
        Refused: two folders hold work, perhaps of two people.
    """
    paths = list(_plain_files(folder))
    return folder if not paths else folder / find_home(paths, task)


def _plain_files(folder: Path) -> Iterator[PurePosixPath]:
    for place, folders, names in os.walk(folder):
        inside = Path(place).relative_to(folder)
        folders[:] = [name for name in folders if not why_skipped(PurePosixPath(inside, name))]
        for name in names:
            path = PurePosixPath(inside, name)
            if not why_skipped(path) and not (folder / path).is_symlink():
                yield path


def _share(task: Task, record: Record) -> float:
    """Return the earned share of the points, by the task's cut-offs; without cut-offs, a pass earns all."""
    value = None if record.primary is None or record.status == "failed" else record.primary.value
    earned, most = points_for(task, value), most_points(task)
    if earned is None or not most:
        return 1.0 if record.status == "passed" else 0.0
    return earned / most


def _total(root: Path) -> float:
    """Return the points of the assignment, which Gradescope writes as a number or as text."""
    try:
        metadata = msgspec.json.decode((root / METADATA).read_bytes(), type=_Metadata)
        return float(metadata.assignment.total_points or 100)
    except (OSError, msgspec.DecodeError, ValueError):
        return 100.0


def _folder(path: Path) -> Path | None:
    return path if path.is_dir() else None


if __name__ == "__main__":
    main()
