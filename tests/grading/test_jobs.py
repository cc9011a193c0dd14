"""One job that cannot be sent, written down or understood stops no other."""

from __future__ import annotations

import errno
from collections import deque
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path

import pytest

from harness.api._grading_run import _still_current
from harness.course import Course, Submission
from harness.errors import HarnessError, InfrastructureError, TaskError
from harness.evaluation import Settings
from harness.grading import Cluster, DataParcel, Job, JobLost, Journal, Orders, Work
from harness.grading._cluster import _ClusterRun
from harness.grading._work import Kept
from harness.sandbox import Requirement
from tests.conftest import TemporaryCourse
from tests.records import RECORD

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("error", "cause"), [(TaskError("no data"), "task"), (InfrastructureError("no network"), "infrastructure")]
)
def test_a_job_that_cannot_be_sent_stops_no_other(course: TemporaryCourse, error: HarnessError, cause: str) -> None:
    def fail(_: str) -> DataParcel:
        raise error

    course.submit(name="ann")
    (submission,) = Course(course.root).submissions(str(course.root / "submissions" / "ann"))
    cluster = Cluster(
        course=Course(course.root),
        orders=Orders(root=str(course.root), data_root=None, settings=Settings(), isolation=Requirement()),
        load=fail,
        git=None,
        connect=nullcontext,
        patience=1,
    )
    job = Job(submission, "new")
    run = _ClusterRun(cluster, None, deque([(job, 1)]))
    assert run._send([]) == JobLost(job, str(error), final=True, cause=cause)  # type: ignore[arg-type] # a Cause


def test_a_journal_that_cannot_be_written_does_not_stop_grading(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> Iterator[None]:
        raise OSError(errno.ENOSPC, "No space left on device")

    journal = Journal(tmp_path / "problems.json")
    monkeypatch.setattr("harness.grading._journal.write_atomically", fail)
    journal.failed("ann · usps", "no sandbox")
    assert journal.problems == {"ann · usps": "no sandbox"}
    journal.done("ann · usps")
    assert not journal.problems


def test_kept_records_are_compared_again_after_an_evaluation(tmp_path: Path) -> None:
    ann, bob = (Submission(name, "blobs", tmp_path / name) for name in ("ann", "bob"))
    kept = (Kept(bob, RECORD),)
    assert _still_current(Work((), kept, ())) == {("bob", "blobs"): RECORD}
    assert not _still_current(Work((Job(ann, "new"),), kept, ()))
