"""Find the course, its tasks, and submissions in it."""

from __future__ import annotations

import os
import sys
from contextlib import nullcontext
from pathlib import Path

import pytest

from harness.course import Course, Submission, current_folder, published_folder, repositories_in, suggest
from harness.errors import TaskError, UsageError
from tests.conftest import PATIENCE, TemporaryCourse


@pytest.fixture
def found(course: TemporaryCourse) -> Course:
    for name in ("bob", "alice"):
        course.submit(name=name)
    course.submit(name="knn", base="reference")
    return Course.find(course.root)


def test_a_course_is_found_from_any_folder_in_it(found: Course) -> None:
    for start in ("", "tasks", "submissions/bob/blobs", "tasks/blobs"):
        assert Course.find(found.root / start).root == found.root


def make_course(root: Path) -> Path:
    (root / "tasks" / "t").mkdir(parents=True)
    (root / "tasks" / "t" / "task.py").touch()
    return root


def test_the_nearest_course_wins(found: Course) -> None:
    inner = make_course(found.root / "examples" / "small")
    assert Course.find(inner / "tasks").root == inner
    assert Course.find(inner.parent).root == found.root


@pytest.mark.parametrize(
    "place",
    [
        *("submissions", "submissions/bob", "submissions/bob/blobs", "submissions/bob/a/b/c", "Submissions/x"),
        *("reference/knn", ".harness/replaced/bob/blobs-1", "leaderboard"),
    ],
)
def test_a_course_inside_a_submission_is_not_found(found: Course, place: str) -> None:
    inner = make_course(found.root / place)
    for start in (inner, inner / "tasks" / "t"):
        assert Course.find(start).root == found.root


def test_a_course_may_be_in_a_folder_named_submissions(tmp_path: Path) -> None:
    inner = make_course(tmp_path / "submissions" / "course")
    (tmp_path / "tasks").mkdir()  # of somebody who keeps a list of things to do
    assert Course.find(inner).root == inner


def test_a_link_to_a_course_inside_a_submission_is_not_a_course(found: Course, tmp_path: Path) -> None:
    planted = make_course(found.root / "submissions" / "bob")
    (tmp_path / "way").symlink_to(planted)
    assert Course.find(tmp_path / "way").root == found.root
    elsewhere = make_course(tmp_path / "elsewhere")
    (found.root / "submissions" / "eve").symlink_to(elsewhere)
    assert Course.find(found.root / "submissions" / "eve" / "tasks").root == found.root


def test_the_current_folder_is_the_one_that_the_shell_shows(
    found: Course, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = make_course(tmp_path / "elsewhere")
    entered = found.root / "submissions" / "eve"
    entered.symlink_to(elsewhere)
    monkeypatch.chdir(entered)
    monkeypatch.setenv("PWD", str(entered))
    assert current_folder() == entered
    assert Course.find(current_folder()).root == found.root
    with pytest.raises(UsageError, match="submissions/eve is a link"):
        found.submissions(".")
    for wrong in ("/", "relative", f"{entered}/../eve", str(tmp_path / "gone")):
        monkeypatch.setenv("PWD", wrong)
        assert current_folder() == elsewhere


def test_a_folder_without_tasks_is_not_a_course(tmp_path: Path) -> None:
    (tmp_path / "tasks").mkdir()
    with pytest.raises(UsageError, match="not inside a course"):
        Course.find(tmp_path)


def test_tasks_are_folders_with_a_declaration(found: Course) -> None:
    for name in ("another", "zoo"):
        (found.root / "tasks" / name).mkdir()
    (found.root / "tasks" / "zoo" / "task.py").touch()
    (found.root / "tasks" / "README.md").touch()
    assert found.task_names() == ["blobs", "zoo"]


def test_a_task_has_the_name_of_its_folder(found: Course) -> None:
    assert found.task("blobs").name == "blobs"
    (found.root / "tasks" / "blobs").rename(found.root / "tasks" / "clouds-2")
    assert found.task("clouds-2").name == "clouds-2"
    assert found.task("clouds-2").title == "Three clouds"


def test_a_task_may_import_what_lies_beside_it_and_sees_changes(course: TemporaryCourse) -> None:
    text = (course.root / "tasks" / "blobs" / "task.py").read_text()
    for name, title in (("one", "First"), ("two", "Second")):
        course.add_task(
            name,
            text=text.replace('"Three clouds"', "TITLE").replace(
                "import harness", "import harness\nfrom .own import TITLE"
            ),
        )
        (course.root / "tasks" / name / "own.py").write_text(f"TITLE = {title!r}\n")
    found = Course.find(course.root)
    assert [found.task(name).title for name in ("one", "two")] == ["First", "Second"]
    (course.root / "tasks" / "one" / "own.py").write_text("TITLE = 'Changed, and longer'\n")
    assert found.task("one").title == "Changed, and longer"


@pytest.mark.parametrize("mistake", ["", "1 / 0"])
def test_a_task_that_is_loaded_leaves_no_bytecode_in_the_course(
    course: TemporaryCourse, monkeypatch: pytest.MonkeyPatch, mistake: str
) -> None:
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    folder = course.root / "tasks" / "blobs"
    (folder / "beside.py").write_text("ONE = 1\n")
    (folder / "task.py").write_text(f"from .beside import ONE\n{mistake}\n" + (folder / "task.py").read_text())
    with pytest.raises(TaskError) if mistake else nullcontext():
        Course.find(course.root).task("blobs")
    assert list(course.root.rglob("__pycache__")) == []
    assert not sys.dont_write_bytecode


def test_a_task_digest_changes_with_its_code_and_nothing_else(found: Course) -> None:
    folder = found.root / "tasks" / "blobs"
    before = found.task_digest("blobs")
    (folder / "README.md").write_text("the hand-out")
    assert found.task_digest("blobs") == before
    (folder / "own.py").write_text("x = 1")
    assert found.task_digest("blobs") != before


@pytest.mark.parametrize("name", ["blubs", "../tasks/blobs", "", ".", "blobs/"])
def test_a_task_that_does_not_exist_is_a_usage_error(found: Course, name: str) -> None:
    with pytest.raises(UsageError, match="there is no task"):
        found.task(name)


def test_a_task_of_a_bad_name_is_refused(found: Course) -> None:
    (found.root / "tasks" / "blobs").rename(found.root / "tasks" / "Blobs!")
    with pytest.raises(UsageError, match="is not allowed"):
        found.task("Blobs!")


def test_a_mistake_in_a_declaration_names_task_and_file(course: TemporaryCourse) -> None:
    path = course.add_task("wrong", text="import harness\nTASK = harness.Limits(processes=0)\n")
    with pytest.raises(TaskError, match=r"task wrong: Limits\.processes: found 0") as caught:
        Course.find(course.root).task("wrong")
    assert str(path) in str(caught.value)


def test_each_wrong_field_is_named_with_its_line(course: TemporaryCourse) -> None:
    good = course.add_task("wrong").read_text()
    title, limits, value = (f"({course.root}/tasks/wrong/task.py:{line_of(good, field)}" for field in FIELDS)
    for text, says, at in (
        (good.replace(FIELDS[0], 'title="" and "Three'), "title: found ''", f"{title})"),
        (good.replace(FIELDS[1], "points=10"), "points: found 10 (int); expected pairs", f"{limits})"),
        (good.replace(FIELDS[2], "Baseline(80)"), "baseline of 'generated clouds': found 80", f"{value})"),
        (
            good.replace(FIELDS[0], 'title="" and "Three').replace(FIELDS[1], "batch=0"),
            "title: found '' (str); expected a text of one line; batch: found 0",
            f"{title}, {line_of(good, FIELDS[1])})",
        ),
    ):
        course.add_task("wrong", text=text)
        with pytest.raises(TaskError) as caught:
            Course.find(course.root).task("wrong")
        assert says in str(caught.value)
        assert at in str(caught.value)


FIELDS = 'title="Three', f"limits=harness.Limits(measure_seconds={PATIENCE})", "Baseline(0.8)"


def line_of(text: str, part: str) -> int:
    return text[: text.index(part)].count("\n") + 1


def test_a_submission_is_a_persons_folder_or_one_task_of_it(course: TemporaryCourse, found: Course) -> None:
    course.add_task("zoo")
    course.submit(task="zoo")
    root = found.root
    both = [Submission("bob", task, root / "submissions" / "bob" / task) for task in ("blobs", "zoo")]
    assert found.submissions("submissions/bob") == both
    assert found.submissions("submissions/bob/") == both
    assert found.submissions(str(root / "submissions" / "bob")) == both
    assert found.submissions("submissions/bob/zoo") == both[1:]
    assert found.submissions("submissions/../submissions/./bob/zoo") == both[1:]
    assert found.submissions("submissions/bob", "blobs") == both[:1]


def test_paths_are_relative_to_the_current_folder(found: Course, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(found.root / "submissions")
    assert [str(one) for one in found.submissions("bob")] == ["bob · blobs"]
    monkeypatch.chdir(found.root / "submissions" / "bob" / "blobs")
    assert [str(one) for one in found.submissions(".")] == ["bob · blobs"]
    assert [str(one) for one in found.submissions("../../alice")] == ["alice · blobs"]


def test_the_path_of_a_model_file_means_its_submission(found: Course) -> None:
    (found.root / "submissions" / "bob" / "blobs" / "model.py").touch()
    assert [str(one) for one in found.submissions("submissions/bob/blobs/model.py")] == ["bob · blobs"]


def test_a_long_list_of_names_is_shortened_and_says_how_many_more() -> None:
    told = suggest("zoe", [f"student{number:03}" for number in range(60)])
    assert told.startswith(": available: student000, ")
    assert told.endswith(" and 40 more")


def test_a_name_that_differs_only_in_its_case_is_suggested() -> None:
    assert suggest("USPS", ["ecg200", "usps"]) == ": did you mean 'usps'? available: ecg200, usps"


def test_a_reference_is_published_under_its_name_as_a_reference(found: Course) -> None:
    assert [one.name for one in found.submissions("reference/knn")] == ["reference/knn"]


def test_submissions_are_listed_without_hidden_folders_and_files(found: Course) -> None:
    for name in (".git", "_template"):
        (found.root / "submissions" / name).mkdir()
    (found.root / "submissions" / "README.md").touch()
    assert found.submission_names() == ["alice", "bob"]


@pytest.mark.parametrize(
    ("path", "task", "says"),
    [
        ("submissions/alcie", None, "there is no submissions/alcie: did you mean 'alice'\\? available: alice, bob"),
        ("submissions/bob/zoo", None, "there is no task 'zoo'"),
        ("submissions/bob", "blubs", "there is no task 'blubs': did you mean 'blobs'"),
        ("submissions/Bob", None, "is not allowed"),
        ("submissions/reference", None, "reserved"),
        ("submissions/bob/blobs/data/model.py", None, "is not a submission"),
        ("bob", None, "did you mean 'submissions/bob'\\?"),
        ("bob/blobs", None, "did you mean 'submissions/bob'\\?"),
        ("tasks/blobs", None, "is not a submission"),
        ("/etc", None, "is not a submission"),
        ("", None, "is not a submission"),
    ],
)
def test_what_is_not_a_submission_is_a_usage_error(found: Course, path: str, task: str | None, says: str) -> None:
    with pytest.raises(UsageError, match=says):
        found.submissions(path, task)


@pytest.mark.parametrize("target", ["bob", "../reference/knn", "../tasks", ".", "..", "nowhere", "/etc/passwd"])
def test_a_link_in_place_of_a_submission_folder_is_refused(found: Course, target: str) -> None:
    (found.root / "submissions" / "carol").symlink_to(target)
    for path in ("submissions/carol", "submissions/carol/blobs"):
        with pytest.raises(UsageError, match="submissions/carol is a link: put the files there"):
            found.submissions(path)
    with pytest.raises(UsageError, match="submissions/carol is a link"):
        found.folder_of("carol", "blobs")
    assert "carol" in found.submission_names()  # named by whoever goes through them all


def test_a_link_in_place_of_a_reference_is_refused(found: Course) -> None:
    (found.root / "reference" / "best").symlink_to("knn")
    with pytest.raises(UsageError, match="reference/best is a link"):
        found.submissions("reference/best")


@pytest.mark.parametrize("target", ["../alice/blobs", "nowhere"])
def test_a_link_in_place_of_a_task_folder_is_listed_to_be_refused_later(found: Course, target: str) -> None:
    (found.root / "submissions" / "carol").mkdir()
    (found.root / "submissions" / "carol" / "blobs").symlink_to(target)
    (one,) = found.submissions("submissions/carol")
    assert one.folder == found.root / "submissions" / "carol" / "blobs"
    assert found.submissions("submissions/carol/blobs") == [one]


def test_the_folder_of_all_submissions_may_be_a_link(
    found: Course, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The instructor may have put them on another disk."""
    home = found.root / "submissions"
    home.rename(tmp_path / "disk")
    home.symlink_to(tmp_path / "disk")
    (one,) = found.submissions("submissions/bob")
    monkeypatch.chdir(home / "bob")
    monkeypatch.delenv("PWD", raising=False)
    assert found.submissions("blobs") == found.submissions(str(tmp_path / "disk" / "bob")) == [one]


def test_the_folder_of_a_submission_follows_from_its_name(found: Course) -> None:
    assert found.folder_of("bob", "blobs") == found.root / published_folder("bob", "blobs")
    assert found.folder_of("reference/knn", "blobs") == found.root / "reference" / "knn" / "blobs"
    for name in ("../bob", "reference", "reference/..", "Bob"):
        with pytest.raises(UsageError, match="name"):
            found.folder_of(name, "blobs")


def test_repositories_inside_submissions_are_found_at_any_depth(found: Course) -> None:
    mine = found.root / "submissions" / "bob"
    for place in (".git", "blobs/.git", "blobs/lib/.GIT"):
        (mine / place).mkdir(parents=True)
    (mine / "blobs" / ".git" / "modules" / ".git").mkdir(parents=True)  # of the one around it
    (mine / "blobs" / "other").mkdir()
    (mine / "blobs" / "other" / ".git").write_text("gitdir: /")
    names = [path.relative_to(mine).as_posix() for path in repositories_in(mine)]
    assert names == [".git", "blobs/.git", "blobs/lib/.GIT", "blobs/other/.git"]


@pytest.mark.line
@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere a name must be text")
@pytest.mark.thorough
def test_a_course_works_in_a_folder_whose_name_is_not_utf8(tmp_path: Path) -> None:
    base = tmp_path / os.fsdecode(b"K\xfcrs")
    base.mkdir()
    course = TemporaryCourse.below(base)
    course.add_task()
    for command in ("tasks", "leaderboard", "site"):
        done = course.process(command)
        assert done.returncode == 0, done.stdout + done.stderr
    course.submit()
    refused = course.process("grade", "--data", "embedded")
    assert refused.returncode == 2
    assert "its name is not UTF-8, so no job can find it: rename it" in refused.stderr
