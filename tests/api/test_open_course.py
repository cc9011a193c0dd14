"""`harness.open_course` does in Python what the commands do."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from typing import Literal

import pytest

import harness
from harness.api import (
    CourseAudits,
    CourseChanges,
    CourseDatasets,
    CourseGrades,
    CoursePages,
    CoursePlatforms,
    Follower,
    OpenCourse,
    RuleFiles,
    RunOptions,
    Selection,
    available_tasks,
)
from harness.course import Submission
from harness.errors import InfrastructureError, UsageError
from harness.evaluation import Evaluation
from harness.leaderboard import Board, build
from harness.record import Stores
from harness.sandbox import Isolation
from tests.conftest import CENTROIDS, TemporaryCourse
from tests.records import RECORD

EMBEDDED = RunOptions(data="embedded")
POINTS = "threads=1, points=((0.5, 0.0), (1.0, 10.0)),"


@pytest.fixture
def opened(course: TemporaryCourse, monkeypatch: pytest.MonkeyPatch) -> OpenCourse:
    for name, value in course.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(course.root)
    return harness.open_course()


@pytest.mark.unit
def test_a_course_is_opened_from_any_folder_in_it(opened: OpenCourse) -> None:
    assert harness.open_course(opened.root / "tasks" / "blobs").root == opened.root
    assert repr(opened) == f"OpenCourse({str(opened.root)!r})"
    with pytest.raises(UsageError, match="is not inside a course"):
        harness.open_course(opened.root.parent)
    with pytest.raises(UsageError, match="nowhere is not a folder"):
        harness.open_course(data_root=opened.root / "nowhere")


@pytest.mark.unit
def test_tasks_are_listed_with_their_declarations(opened: OpenCourse) -> None:
    assert opened.tasks == ["blobs"]
    assert opened.task("blobs").title == "Three clouds"
    assert opened.task("blobs") is opened.task("blobs")
    with pytest.raises(UsageError, match="did you mean 'blobs'"):
        opened.task("blob")


@pytest.mark.unit
def test_data_holds_train_and_validation_and_no_test_part(opened: OpenCourse) -> None:
    train, validation = opened.data("blobs")
    assert (len(train), len(validation)) == (135, 45)
    with pytest.raises(InfrastructureError, match="no real data here"):
        opened.data("blobs", data="real")


@pytest.mark.unit
def test_the_data_of_a_task_are_described_by_part_and_class(opened: OpenCourse) -> None:
    found = opened.datasets.describe("blobs")
    assert (found.source, found.scored_on, len(found.train)) == ("embedded", "test", 135)
    assert [(part.name, part.items) for part in found.parts] == [("train", 135), ("validation", 45), ("test", 120)]
    assert found.parts[2].classes == dict.fromkeys(opened.task("blobs").classes, 40)
    with pytest.raises(InfrastructureError, match="no real data here"):
        opened.datasets.describe("blobs", data="real")


@pytest.mark.unit
def test_tasks_to_copy_have_a_declaration_and_data_to_show(opened: OpenCourse) -> None:
    outside, within = available_tasks(), available_tasks(opened.folders)
    assert [one.task.name for one in outside.tasks] == [one.task.name for one in within.tasks]
    assert within.problems == ()
    usps = next(one for one in within.tasks if one.task.name == "usps")
    assert str(usps.bundled) == "not in this course"
    assert len(usps.generated(opened.places)) == usps.task.sources[-1].counts.train


@pytest.mark.unit
def test_tasks_with_a_mistake_are_named_and_the_others_load(opened: OpenCourse, course: TemporaryCourse) -> None:
    course.add_task("broken", text="1 / 0")
    (opened.root / "tasks" / "Odd Name").mkdir()
    (opened.root / "tasks" / "Odd Name" / "task.py").write_text("TASK = 1\n")
    loaded = opened.load_tasks()
    assert [task.name for task in loaded.tasks] == ["blobs"]
    said = " ".join(sorted(map(str, loaded.errors)))
    assert "task broken does not load: ZeroDivisionError" in said
    assert "tasks/Odd Name has a name that is not allowed" in said
    assert opened.datasets.fetch([task.name for task in loaded.tasks]) == []
    for call in (opened.load_tasks, lambda name: opened.datasets.fetch([name]), opened.datasets.write_private_test):
        with pytest.raises(UsageError, match="there is no task 'blob'"):
            call("blob")


@pytest.mark.unit
def test_a_private_test_part_is_written_where_it_is_declared(
    opened: OpenCourse, course: TemporaryCourse, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with pytest.raises(UsageError, match="does not declare private_test=True"):
        opened.datasets.write_private_test("blobs")
    course.add_task(more="private_test=True,")
    with pytest.raises(UsageError, match="HARNESS_PRIVATE is not set"):
        opened.datasets.write_private_test("blobs")
    (tmp_path / "private").mkdir()
    monkeypatch.setenv("HARNESS_PRIVATE", str(tmp_path / "private"))
    opened.find_places()
    written = opened.datasets.write_private_test("blobs", keep="inputs-and-targets")
    assert (written.path, written.items) == (tmp_path / "private" / "blobs" / "test.npz", 120)
    assert written.path.is_file()


@pytest.mark.unit
def test_feedback_is_written_for_everybody_and_for_the_markers(opened: OpenCourse, course: TemporaryCourse) -> None:
    course.submit(name="ann")
    entries = opened.grades.entries("blobs")
    written = opened.grades.write_feedback("blobs", entries)
    assert (written.people, written.zips) == (1, ())
    assert (written.folder / "ann.html").is_file()
    assert "ann" in written.marking.read_text()
    assert written.marking.is_relative_to(opened.folders.private / "marking")


@pytest.mark.unit
def test_an_import_reports_a_missing_file_system_or_task(opened: OpenCourse, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="there is no file or folder"):
        opened.platforms.import_submissions("moodle", tmp_path / "none.zip")
    with pytest.raises(UsageError, match="there is no system 'moodel': did you mean 'moodle'"):
        opened.platforms.import_submissions("moodel", tmp_path)
    with pytest.raises(UsageError, match="--task blob: did you mean 'blobs'"):
        opened.platforms.import_times(tmp_path, task="blob")


@pytest.mark.worker
def test_a_diagnosis_names_what_is_ready_and_what_is_broken(opened: OpenCourse, course: TemporaryCourse) -> None:
    course.add_task("broken", text="1 / 0")
    diagnosis = opened.diagnose()
    assert diagnosis.level is not None
    found = {one.text: one.verdict for one in diagnosis.observations()}
    assert [verdict for text, verdict in found.items() if "task broken does not load" in text] == ["bad"]
    assert [verdict for text, verdict in found.items() if text.startswith("numpy ")] == ["good"]


@pytest.mark.unit
@pytest.mark.parametrize(
    "part",
    [OpenCourse, CourseAudits, CourseChanges, CourseDatasets, CourseGrades, CoursePages, CoursePlatforms],
)
def test_every_public_method_is_typed_and_documented(part: type) -> None:
    for name, member in vars(part).items():
        if not name.startswith("_"):
            function = member.fget if isinstance(member, property) else member
            assert function.__doc__, name
            assert "return" in function.__annotations__, name


@pytest.mark.unit
def test_what_does_not_exist_is_a_usage_error(opened: OpenCourse) -> None:
    for call in (opened.evaluate, opened.check):
        with pytest.raises(UsageError, match="there is no submissions/nobody"):
            call("submissions/nobody")
    with pytest.raises(UsageError, match="is not a folder of submissions"):
        opened.grade()
    for asked in (opened.audits.items, opened.audits.similarity, opened.grades.entries, opened.records.of_task):
        with pytest.raises(UsageError, match="there is no task 'blob': did you mean 'blobs'"):
            asked("blob")
    with pytest.raises(UsageError, match="there is no record of nobody"):
        opened.records.withdraw("nobody")
    with pytest.raises(UsageError, match="expected one of 'namespaces"):
        opened.check(run=RunOptions(isolation="strong"))


@pytest.mark.unit
def test_a_task_that_does_not_load_gives_no_points(opened: OpenCourse, course: TemporaryCourse, tmp_path: Path) -> None:
    course.add_task(more=POINTS)
    stores = Stores.of(tmp_path, tmp_path)
    stores.records.write(RECORD)
    board = build(stores.records.all(), stores.evidence)
    assert set(opened.points(board)) == {RECORD.submission.name}
    course.add_task(text="1 / 0")
    assert not opened.points(board)


class Told(Follower):
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.said: list[str] = []

    def evaluated(self, evaluation: Evaluation, board: Board | None) -> None:
        assert board is not None
        self.said.append(f"{evaluation.submission} {evaluation.how}, {len(board.groups)} group")

    def not_done(self, submission: Submission, error: Exception) -> None:
        self.said.append(f"{submission} {type(error).__name__}")


@pytest.mark.line
def test_submissions_are_checked_evaluated_and_ranked(opened: OpenCourse, course: TemporaryCourse) -> None:
    course.submit()
    course.add_task("broken", text="1 / 0")
    course.submit(name="ann", task="broken")
    checks = opened.check("submissions/bob")
    assert checks.passed
    assert [one.submission.name for one in checks.done] == ["bob"]
    assert len(list(opened.records)) == 0
    told = Told()
    evaluations = opened.evaluate("submissions/bob", "submissions/ann", follower=told)
    assert not evaluations.passed
    assert [record.status for record in evaluations.records] == ["passed"]
    assert told.said == ["bob · blobs evaluated, 1 group", "ann · broken TaskError"]
    assert opened.evaluate("submissions/bob").done[0].how == "reused"
    assert opened.records.get("blobs", "bob") == evaluations.records[0]
    assert opened.records.get("blobs", "ann") is None
    assert "bob" in (opened.root / "leaderboard" / "README.md").read_text()
    assert [row.record.submission.name for row in opened.leaderboard().groups[0].rows] == ["bob"]
    assert "bob" in opened.pages.report(opened.submissions("submissions/bob")[0])
    (moved,) = opened.records.withdraw("bob/blobs")
    assert (moved / "bob.json").is_file()
    assert len(opened.records) == 0


class Interrupted(Follower):
    """Is interrupted while data are loaded, and keeps what it was told before."""

    def __init__(self) -> None:
        self.said: list[str] = []

    def isolated(self, isolation: Isolation) -> None:
        self.said.append(str(isolation))

    def loading(self, task: str) -> AbstractContextManager[object]:
        self.said.append(f"loading {task}")
        raise KeyboardInterrupt


@pytest.mark.unit
@pytest.mark.parametrize("keep", ["force", "no_store"])
def test_data_that_are_loaded_ahead_are_announced(
    opened: OpenCourse, course: TemporaryCourse, keep: Literal["force", "no_store"]
) -> None:
    course.submit()
    told = Interrupted()
    with pytest.raises(KeyboardInterrupt):
        opened.evaluate("submissions/bob", run=replace(EMBEDDED, start="cold"), keep=keep, follower=told)
    assert told.said == ["loading blobs"]


class LeftOut(Follower):
    """Keeps what is left out."""

    def __init__(self) -> None:
        self.texts: list[str] = []

    def left_out(self, text: str) -> None:
        self.texts.append(text)


@pytest.mark.unit
def test_a_mistake_in_a_metric_is_reported_the_same_way_each_time(opened: OpenCourse, course: TemporaryCourse) -> None:
    task = course.add_task()
    figure = 'harness.Metric("figure", lambda targets, predictions: float("nan"), higher_is_better=True)'
    task.write_text(task.read_text().replace("harness.metrics.macro_f1", figure))
    course.submit(name="ann")
    told = [LeftOut(), LeftOut()]
    planned = [opened.plan_grading(run=EMBEDDED, follower=follower) for follower in told]
    assert [len(report.work.jobs) for report in planned] == [0, 0]
    assert len(told[0].texts) == 1
    assert "task blobs: metric 'figure' returned nan" in told[0].texts[0]
    assert told[0].texts == told[1].texts


@pytest.mark.thorough
@pytest.mark.line
def test_a_class_is_graded(opened: OpenCourse, course: TemporaryCourse, tmp_path: Path) -> None:
    course.add_task(more=POINTS)
    course.add_task("other", more=POINTS)
    for task in ("blobs", "other"):
        course.submit(CENTROIDS, name="ann", task=task)
    planned = opened.plan_grading(run=EMBEDDED)
    assert (len(planned.work.jobs), planned.left_out) == (2, ())
    roster = tmp_path / "roster.csv"
    roster.write_text("submission,name\nann,Ann Ark\n")
    report = opened.grade(Selection(task="blobs"), rules=RuleFiles(roster=roster), run=EMBEDDED)
    assert report.complete
    assert [(one.name, one.task, one.status) for one in report.summaries] == [("ann", "blobs", "passed")]
    assert {entry.task: entry.final for entry in report.gradebook.entries}["blobs"] == 10.0
    assert report.kept.path.is_file()
    again = opened.grade(Selection(only=("ann/blobs",)), run=EMBEDDED)
    assert [len(again.work.jobs), len(again.work.kept)] == [0, 1]
    with pytest.raises(UsageError, match="there is no task 'blob'"):
        opened.grade(Selection(task="blob"), run=EMBEDDED)
