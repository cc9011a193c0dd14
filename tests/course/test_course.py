"""Find the course, its tasks, and submissions in it."""

from __future__ import annotations

import sys
from contextlib import nullcontext
from pathlib import Path

import pytest

from harness.contract import TaskError, UsageError
from harness.course import Course, Submission, suggest
from tests.conftest import TemporaryCourse


@pytest.fixture
def found(course: TemporaryCourse) -> Course:
    for name in ("bob", "alice"):
        course.submit(name=name)
    course.submit(name="knn", base="reference")
    return Course.find(course.root)


def test_a_course_is_found_from_any_folder_in_it(found: Course) -> None:
    for start in ("", "tasks", "submissions/bob/blobs", "tasks/blobs"):
        assert Course.find(found.root / start).root == found.root


def test_the_nearest_course_wins(found: Course) -> None:
    inner = found.root / "submissions" / "bob" / "tasks" / "t"
    inner.mkdir(parents=True)
    assert Course.find(inner).root == found.root  # a folder alone makes no course
    (inner / "task.py").touch()
    assert Course.find(inner).root == found.root / "submissions" / "bob"


def test_there_is_no_course_where_no_task_is(tmp_path: Path) -> None:
    (tmp_path / "tasks").mkdir()
    with pytest.raises(UsageError, match="not inside a course"):
        Course.find(tmp_path)


def test_tasks_are_folders_with_a_declaration(found: Course) -> None:
    for name in ("another", "zoo"):
        (found.root / "tasks" / name).mkdir()
    (found.root / "tasks" / "zoo" / "task.py").touch()
    (found.root / "tasks" / "README.md").touch()
    assert found.task_names() == ["blobs", "zoo"]


def test_a_task_is_called_by_its_folder_whatever_else_changes(found: Course) -> None:
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
def test_no_such_task_is_a_usage_error(found: Course, name: str) -> None:
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


def test_paths_are_read_from_where_one_stands(found: Course, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(found.root / "submissions")
    assert [str(one) for one in found.submissions("bob")] == ["bob · blobs"]
    monkeypatch.chdir(found.root / "submissions" / "bob" / "blobs")
    assert [str(one) for one in found.submissions(".")] == ["bob · blobs"]
    assert [str(one) for one in found.submissions("../../alice")] == ["alice · blobs"]


def test_a_reference_is_published_as_such(found: Course) -> None:
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
        ("submissions/bob/blobs/model.py", None, "is no submission"),
        ("tasks/blobs", None, "is no submission"),
        ("/etc", None, "is no submission"),
        ("", None, "is no submission"),
    ],
)
def test_what_is_no_submission_is_a_usage_error(found: Course, path: str, task: str | None, says: str) -> None:
    with pytest.raises(UsageError, match=says):
        found.submissions(path, task)


def test_a_linked_submission_is_not_resolved_to_another(found: Course) -> None:
    (found.root / "submissions" / "carol").symlink_to(found.root / "submissions" / "bob")
    (one,) = found.submissions("submissions/carol")
    assert one.name == "carol"
    assert one.folder == found.root / "submissions" / "carol" / "blobs"


def test_suggestions_say_what_there_is() -> None:
    assert suggest("aple", ["pear", "apple"]) == ": did you mean 'apple'? available: apple, pear"
    assert suggest("x", ["pear"]) == ": available: pear"
    assert suggest("x", []) == ": available: none"


def test_only_a_reference_shares_code_with_others(found: Course) -> None:
    assert found.submissions("reference/knn")[0].shared is None
    for base in ("reference", "submissions"):
        (found.root / base / "_shared").mkdir()
    assert found.submissions("reference/knn")[0].shared == found.root / "reference" / "_shared"
    assert found.submissions("submissions/bob")[0].shared is None
    with pytest.raises(UsageError, match="is not allowed"):
        found.submissions("reference/_shared")


def test_tasks_may_share_code_and_are_digested_with_it(course: TemporaryCourse) -> None:
    text = (course.root / "tasks" / "blobs" / "task.py").read_text()
    for name in ("one", "two-2"):
        imported = "import harness\nfrom .._shared.titles import TITLE"
        course.add_task(name, text=text.replace('"Three clouds"', "TITLE").replace("import harness", imported))
    (course.root / "tasks" / "_shared").mkdir()
    shared = course.root / "tasks" / "_shared" / "titles.py"
    shared.write_text("TITLE = 'Shared'\n")
    found = Course.find(course.root)
    assert found.task_names() == ["blobs", "one", "two-2"]
    before = {name: found.task_digest(name) for name in found.task_names()}
    assert [found.task(name).title for name in found.task_names()] == ["Three clouds", "Shared", "Shared"]
    shared.write_text("TITLE = 'Changed, and longer'\n")
    assert [found.task(name).title for name in ("one", "two-2")] == ["Changed, and longer"] * 2
    assert {name for name in before if found.task_digest(name) != before[name]} == {"one", "two-2"}
