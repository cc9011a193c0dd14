"""`evaluate`, `grade` and `ci` compute in the same way what decides a result, and do nothing twice."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from harness.evaluation import _evaluator, _snapshot
from tests.ci.conftest import TemporaryRepository
from tests.conftest import TemporaryCourse

pytestmark = pytest.mark.line

POINTS = "points=((0.5, 0.0), (1.0, 10.0)),"


def kept_by_grade(course: TemporaryCourse) -> bool:
    said = course.harness("grade", "--data", "embedded", "--dry-run").stdout
    assert "0 to evaluate, 1 kept" in said or "1 to evaluate" in said
    return "0 to evaluate, 1 kept" in said


def kept_by_evaluate(course: TemporaryCourse) -> bool:
    done = course.harness("evaluate", "submissions/alice", "--data", "embedded")
    assert done.returncode == 0, done.stdout + done.stderr
    return "unchanged, the record of" in done.stdout


def kept_by_ci(repository: TemporaryRepository) -> bool:
    """Hand CI the published record as one of its own, and evaluate a change that touches alice's work."""
    kept = repository.root / ".harness" / "ci" / "records"
    shutil.rmtree(kept, ignore_errors=True)
    shutil.copytree(repository.root / "leaderboard" / "records", kept)
    (one,) = repository.ci("--score-on", "test", base="start")["graded"]
    return bool(one["reused"])


@pytest.mark.thorough
def test_under_equal_settings_all_commands_agree_on_what_is_unchanged(repository: TemporaryRepository) -> None:
    course = repository.course
    repository.git("rm", "-q", "-r", "submissions")
    repository.commit("nobody")
    repository.git("tag", "start")
    course.submit(name="alice")
    repository.commit("alice")
    assert not kept_by_evaluate(course)
    assert kept_by_evaluate(course)
    assert kept_by_grade(course)
    assert kept_by_ci(repository)
    declare(repository, course, POINTS)
    assert (kept_by_evaluate(course), kept_by_grade(course), kept_by_ci(repository)) == (True, True, True)
    declare(repository, course, "threads=1,")
    assert not kept_by_ci(repository)
    assert not kept_by_grade(course)
    assert not kept_by_evaluate(course)


def declare(repository: TemporaryRepository, course: TemporaryCourse, more: str) -> None:
    """Declare the task anew in the base and in the work tree; submissions stay."""
    course.add_task(more=more)
    repository.git("stash", "-q", "--", "tasks")
    repository.git("checkout", "-q", "start")
    repository.git("stash", "pop", "-q")
    repository.git("add", "tasks")
    repository.git("commit", "-q", "-m", "declare")
    repository.git("tag", "-f", "start")
    repository.git("checkout", "-q", "main")
    repository.git("merge", "-q", "-m", "merge", "start")


def test_an_evaluation_imports_copies_and_digests_once(
    course: TemporaryCourse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    imports, copies = tmp_path / "imports", list[Path]()
    task = course.root / "tasks" / "blobs" / "task.py"
    task.write_text(f"{task.read_text()}\nwith open({str(imports)!r}, 'a') as file:\n    file.write('x')\n")

    def copy(folder: Path, *arguments: object) -> _snapshot.Snapshot:
        copies.append(folder)
        return _snapshot.take_snapshot(folder, *arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(_evaluator, "take_snapshot", copy)
    course.evaluate()
    assert imports.read_text() == "x"
    assert len(copies) == 1
    course.evaluate()
    assert imports.read_text() == "xx"
    assert len(copies) == 2
