"""What `harness new` writes works as it is."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from harness.course import Course
from harness.data import Places
from harness.errors import UsageError
from harness.gradebook import read_course_zone
from harness.kinds import KINDS
from harness.scaffold import new_course, new_notebook, new_submission, new_task
from harness.scaffold._zone import machine_zone
from harness.taskcheck import check_task
from tests.conftest import TemporaryCourse
from tests.kinds.test_kinds import task_of


@pytest.fixture
def made(tmp_path: Path) -> TemporaryCourse:
    root = tmp_path / "deep-learning"
    new_course(root, "coursework-harness @ file:///nowhere")
    return TemporaryCourse.at(root, tmp_path / "cache")


@pytest.mark.line
def test_a_new_submission_of_a_new_task_of_a_new_course_passes_check(made: TemporaryCourse) -> None:
    assert made.harness("new", "task", "more-clouds").returncode == 0
    done = made.harness("new", "submission", "bob", "--task", "more-clouds")
    assert "next: harness check submissions/bob/more-clouds" in done.stdout
    done = made.harness("check", "submissions/bob")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "12 passed" in done.stdout


@pytest.mark.parametrize(
    ("folder", "first_step"),
    [("deep-learning", "cd deep-learning; git init;"), ("a b", "cd 'a b'; git init;"), (".", "git init;")],
)
def test_a_new_course_says_how_to_enter_its_folder(tmp_path: Path, folder: str, first_step: str) -> None:
    (tmp_path / "empty").mkdir()
    done = TemporaryCourse.at(tmp_path / "empty", tmp_path / "cache").harness("new", "course", folder)
    assert f"next: {first_step}" in done.stdout


def test_a_new_task_passes_its_checks_without_a_doubt(made: TemporaryCourse, tmp_path: Path) -> None:
    places = Places(root=None, cache=tmp_path / "cache", private=None, offline=True)
    assert [finding.outcome for finding in check_task(Course(made.root), "clouds", places)] == ["passed", "passed"]


def test_nothing_new_is_written_through_a_link(made: TemporaryCourse) -> None:
    course, elsewhere = Course(made.root), made.root.parent / "elsewhere"
    elsewhere.mkdir()
    (course.submissions_folder / "eve").symlink_to(elsewhere)
    for write in (new_submission, new_notebook):
        with pytest.raises(UsageError, match="submissions/eve is a link"):
            write(course, "eve", course.task(course.task_names()[0]))
    assert not list(elsewhere.iterdir())


def test_a_new_course_has_the_files_that_platforms_look_for(made: TemporaryCourse) -> None:
    for name in ("grade", "comment", "leaderboard"):
        assert (made.root / ".github" / "workflows" / f"{name}.yml").is_file()
    assert (made.root / ".github" / "actions" / "harness" / "action.yml").is_file()
    assert (made.root / ".github" / "harness.txt").read_text().endswith("\ncoursework-harness @ file:///nowhere\n")
    assert (made.root / ".gitlab-ci.yml").is_file()
    assert (made.root / ".gitignore").read_text().startswith(".harness/\n")
    assert (made.root / "README.md").read_text().startswith("# deep-learning\n")
    assert not list(made.root.rglob("*.jinja"))


@pytest.mark.parametrize(("told", "zone"), [("Europe/Berlin", "Europe/Berlin"), (":Asia/Tokyo", "Asia/Tokyo")])
def test_a_new_course_has_the_time_zone_of_the_machine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, told: str, zone: str
) -> None:
    monkeypatch.setenv("TZ", told)
    new_course(tmp_path / "new", "")
    assert read_course_zone(tmp_path / "new" / "course.toml") == ZoneInfo(zone)


def test_a_machine_that_names_no_time_zone_gets_a_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "CET-1CEST")
    assert ZoneInfo(machine_zone())


def test_the_source_of_the_harness_may_be_given_later(tmp_path: Path) -> None:
    new_course(tmp_path / "course", "")
    text = (tmp_path / "course" / ".github" / "harness.txt").read_text()
    assert [line for line in text.splitlines() if not line.startswith("#")] == []


def test_existing_files_are_not_changed(made: TemporaryCourse) -> None:
    course = Course(made.root)
    model = made.submit(name="bob", task="clouds") / "model.py"
    before = model.read_bytes()
    with pytest.raises(UsageError, match="nothing was written"):
        new_submission(course, "bob", course.task("clouds"))
    with pytest.raises(UsageError, match="nothing was written"):
        new_task(course, "clouds")
    with pytest.raises(UsageError, match="nothing was written"):
        new_course(made.root, "")
    assert model.read_bytes() == before


@pytest.mark.parametrize("name", ["reference", "Bob", "../bob", "", "a b"])
def test_a_bad_name_is_a_usage_error(made: TemporaryCourse, name: str) -> None:
    course = Course(made.root)
    with pytest.raises(UsageError):
        new_submission(course, name, course.task("clouds"))
    with pytest.raises(UsageError):
        new_task(course, name)


@pytest.mark.worker
def test_templates_are_linted_like_the_rest(made: TemporaryCourse) -> None:
    for name in KINDS:
        new_submission(Course(made.root), f"for-{name}", task_of(name))
    ruff = [sys.executable, "-m", "ruff"]
    for arguments in (["format", "--check"], ["check", "--select=E,F,UP,B"]):
        done = subprocess.run(
            [*ruff, *arguments, "--isolated", "--line-length=120", "."], cwd=made.root, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stdout + done.stderr
