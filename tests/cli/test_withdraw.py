"""Records of withdrawn submissions are removed with history and evidence; all others stay."""

from __future__ import annotations

import pytest

from harness.course import Course
from harness.record import Evidence, Stores
from tests.conftest import TemporaryCourse
from tests.records import RECORD, changed

pytestmark = pytest.mark.line


def test_a_withdrawn_submission_is_nowhere_in_the_leaderboard(course: TemporaryCourse) -> None:
    here = Course(course.root)
    stores = Stores.of(here.leaderboard, here.private)
    for name in ("bob", "bob2", "ann"):
        for digest in ("sha256:1", "sha256:2"):
            record = changed(RECORD, submission={"name": name, "digest": digest}, run={"id": digest})
            stores.keep(record, Evidence())
    done = course.harness("leaderboard", "--withdraw", "bob")
    assert done.returncode == 0, done.stderr
    assert "withdrawn: bob · blobs" in done.stdout
    published = {
        path.relative_to(here.leaderboard).as_posix() for path in here.leaderboard.rglob("*") if path.is_file()
    }
    assert not [path for path in published if path.rpartition("/")[2].startswith("bob.")]
    assert {"records/blobs/bob2.json", "records/blobs/bob2.history.jsonl", "records/blobs/ann.json"} <= published
    assert "bob " not in (here.leaderboard / "README.md").read_text()
    assert not (here.private / "evidence" / "blobs" / "bob").exists()
    moved = {path.name for path in (here.private / "withdrawn").rglob("*") if path.is_file()}
    assert {"bob.json", "bob.history.jsonl"} <= moved
    done = course.harness("leaderboard", "--withdraw", "bobb")
    assert done.returncode == 2
    assert "did you mean 'bob2'" in done.stderr
