"""The tasks that come with the harness, and the copies that a course has of them."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from harness.bundled import MANIFEST, Manifest, bundled_course, chosen_tasks, compare, copy_tasks
from harness.course import Course
from harness.errors import UsageError

pytestmark = pytest.mark.unit


@pytest.fixture
def course(tmp_path: Path) -> Course:
    (tmp_path / "tasks").mkdir()
    return Course(tmp_path)


def status(course: Course, name: str = "ecg200") -> str:
    return next(str(one) for one in compare(course) if one.name == name)


def test_tasks_come_with_their_references_and_shared_code(course: Course) -> None:
    written = {path.relative_to(course.root).as_posix() for path in copy_tasks(course, ["ecg200", "usps"])}
    assert {"tasks/ecg200/task.py", "tasks/_shared/beats.py", "reference/knn/usps/model.py"} <= written
    assert {"reference/_shared/nets.py", "reference/gru/ecg200/model.py"} <= written
    assert not any("spect/" in path or "__pycache__" in path for path in written)
    assert course.task_names() == ["ecg200", "usps"]
    assert [course.task(name).name for name in course.task_names()] == ["ecg200", "usps"]


def test_a_task_that_shares_nothing_brings_no_shared_code(course: Course) -> None:
    copy_tasks(course, ["usps"])
    assert not (course.tasks_folder / "_shared").exists()


def test_existing_files_stay_and_nothing_is_written(course: Course) -> None:
    mine = course.tasks_folder / "usps" / "task.py"
    mine.parent.mkdir()
    mine.write_text("mine")
    with pytest.raises(UsageError, match=r"tasks/usps already exists: nothing was written"):
        copy_tasks(course, ["ecg200", "usps"])
    assert mine.read_text() == "mine"
    assert course.task_names() == ["usps"]
    assert status(course, "usps") == "this course has a different task with this name"


def test_shared_code_that_was_changed_here_is_not_replaced(course: Course) -> None:
    copy_tasks(course, ["ecg200"])
    changed = course.tasks_folder / "_shared" / "beats.py"
    changed.write_text("# mine\n")
    with pytest.raises(UsageError, match=r"_shared/beats\.py differs from the one of this harness or the plug-in"):
        copy_tasks(course, ["ecg5000"])
    assert changed.read_text() == "# mine\n"
    assert course.task_names() == ["ecg200"]


def test_the_state_of_a_copy_is_reported(course: Course) -> None:
    assert status(course) == "not in this course"
    copy_tasks(course, ["ecg200"])
    assert "changed" not in status(course)
    assert "brings" not in status(course)
    (course.tasks_folder / "ecg200" / "README.md").write_text("ours")
    assert status(course).endswith("changed here: tasks/ecg200/README.md")


def test_an_update_is_reported_and_changes_nothing(course: Course) -> None:
    copy_tasks(course, ["ecg200"])
    path = course.tasks_folder / MANIFEST
    older, task = Manifest.read(course), course.tasks_folder / "ecg200" / "task.py"
    task.write_text("# as an older harness brought it\n")
    import hashlib

    digest = f"sha256:{hashlib.sha256(task.read_bytes()).hexdigest()}"
    files = older.files | {"tasks/ecg200/task.py": digest}
    path.write_bytes(msgspec.json.encode(Manifest(versions={"ecg200": "0.9"}, files=files)))
    assert (
        status(course) == "in this course, as of harness 0.9; this harness has other versions of tasks/ecg200/task.py"
    )
    assert task.read_text() == "# as an older harness brought it\n"


def test_a_damaged_list_of_copies_is_reported(course: Course) -> None:
    (course.tasks_folder / MANIFEST).write_text("{")
    with pytest.raises(UsageError, match=r"bundled\.json cannot be read"):
        compare(course)


def test_names_are_separated_by_commas_and_all_means_every_task() -> None:
    assert chosen_tasks("usps, spect,usps") == ["usps", "spect"]
    assert chosen_tasks("all") == bundled_course().task_names()
    with pytest.raises(UsageError, match="did you mean 'usps'"):
        chosen_tasks("uspa")
    with pytest.raises(UsageError, match="no task is named"):
        chosen_tasks(" ,")


def test_outside_of_a_course_nothing_is_compared() -> None:
    assert {str(one) for one in compare(None)} == {"not in this course"}
