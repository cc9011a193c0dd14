"""Hand-in times: the order of precedence of sources, what git history says, and what is removed."""

from __future__ import annotations

import os
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest

from harness.course import Course
from harness.gradebook import Claim, HandedIn, HandIn, History, Person, Times

ANN = Person(submission="ann", name="Ann")
FOLDER = "submissions/ann/usps"
JANUARY_30, FEBRUARY_3, FEBRUARY_5 = (
    datetime(2026, month, day, 10, tzinfo=UTC) for month, day in ((1, 30), (2, 3), (2, 5))
)


class Repository:
    """A course in git, whose commits are made at any time."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.git("init", "-q", "-b", "main", str(root))
        self.write("tasks/usps/task.py", "x")
        self.commit("course", datetime(2026, 1, 10, tzinfo=UTC))

    def git(self, *arguments: str, when: datetime = FEBRUARY_5, author: str = "t@example.org") -> None:
        who = {"GIT_AUTHOR_NAME": "t", "GIT_COMMITTER_NAME": "t", "GIT_COMMITTER_EMAIL": "t@example.org"}
        dates = {"GIT_AUTHOR_DATE": when.isoformat(), "GIT_COMMITTER_DATE": when.isoformat()}
        environment = os.environ | who | dates | {"GIT_AUTHOR_EMAIL": author, "GIT_CONFIG_NOSYSTEM": "1"}
        folder = self.root if self.root.is_dir() else self.root.parent
        subprocess.run(["git", "-C", str(folder), *arguments], env=environment, check=True, capture_output=True)

    def write(self, path: str, text: str) -> None:
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    def commit(self, subject: str, when: datetime, author: str = "t@example.org") -> None:
        self.git("add", "-A")
        self.git("commit", "-qm", subject, when=when, author=author)

    def hand_in(self, when: datetime = JANUARY_30, text: str = "1") -> None:
        """Commit Ann's work on a branch of her own."""
        self.git("switch", "-q", "-C", "ann")
        self.write(f"{FOLDER}/model.py", text)
        self.commit("Ann's usps", when)
        self.git("switch", "-q", "main")

    def name(self, what: str = "HEAD") -> str:
        """Return the name of a commit."""
        done = subprocess.run(["git", "-C", str(self.root), "rev-parse", what], capture_output=True, check=True)
        return done.stdout.decode().strip()

    def claim(self, staff: tuple[str, ...] = ()) -> datetime | None:
        found = History(self.root, staff).claim(FOLDER)
        return None if found is None else found.moment


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository(tmp_path / "course")


@pytest.mark.worker
@pytest.mark.parametrize("way", ["merge", "squash", "rebase", "direct"])
def test_work_keeps_its_time_however_it_is_merged(repository: Repository, way: str) -> None:
    repository.hand_in()
    match way:
        case "merge":
            repository.git("merge", "-q", "--no-ff", "-m", "merge", "ann", when=FEBRUARY_3)
        case "squash":
            repository.git("merge", "-q", "--squash", "ann", when=FEBRUARY_3)
            repository.commit("Ann's usps (#1)", FEBRUARY_3)
        case "rebase":
            repository.git("-c", "user.name=i", "cherry-pick", "ann", when=FEBRUARY_3)
        case "direct":
            repository.git("merge", "-q", "--ff-only", "ann")
    assert repository.claim() == JANUARY_30


@pytest.mark.worker
@pytest.mark.parametrize(
    ("subject", "author"), [("Ann's usps (#1)", "t@example.org"), ("Ann's usps", "ann@example.org")]
)
def test_a_squash_of_a_deleted_branch_gives_no_hand_in_time(repository: Repository, subject: str, author: str) -> None:
    repository.hand_in()
    repository.git("merge", "-q", "--squash", "ann", when=FEBRUARY_3)
    repository.commit(subject, FEBRUARY_3, author)  # GitLab writes it in the name of whoever opened the request
    repository.git("branch", "-qD", "ann")
    assert repository.claim() is None


@pytest.mark.worker
def test_a_change_by_staff_does_not_change_the_hand_in_time(repository: Repository) -> None:
    repository.hand_in()
    repository.git("merge", "-q", "--no-ff", "-m", "merge", "ann", when=FEBRUARY_3)
    repository.write(f"{FOLDER}/model.py", "1 # reviewed")
    repository.commit("licence headers", FEBRUARY_5)
    assert repository.claim() == JANUARY_30


@pytest.mark.worker
@pytest.mark.parametrize("how", ["several people", "tasks too", "by its author"])
def test_a_commit_of_the_staff_is_known(repository: Repository, how: str) -> None:
    repository.write(f"{FOLDER}/model.py", "1")
    repository.commit("mine", JANUARY_30)
    repository.write(f"{FOLDER}/model.py", "2")
    if how == "several people":
        repository.write("submissions/bob/usps/model.py", "3")
    if how == "tasks too":
        repository.write("tasks/usps/task.py", "y")
    repository.commit("tidy", FEBRUARY_5, author="TA@example.org")
    assert repository.claim(("ta@example.org",) if how == "by its author" else ()) == JANUARY_30


@pytest.mark.worker
def test_a_later_version_of_the_students_is_late(repository: Repository) -> None:
    for when, text in ((JANUARY_30, "1"), (FEBRUARY_3, "2")):
        repository.hand_in(when, text)
        repository.git("merge", "-q", "--no-ff", "-m", "merge", "ann", when=FEBRUARY_5)
    assert repository.claim() == FEBRUARY_3


@pytest.mark.worker
def test_a_shallow_clone_and_other_files_give_no_hand_in_time(repository: Repository) -> None:
    repository.write(f"{FOLDER}/model.py", "1")
    repository.commit("mine", JANUARY_30)
    repository.write("README.md", "x")
    repository.commit("note", FEBRUARY_5)
    assert repository.claim() == JANUARY_30
    repository.write(f"{FOLDER}/__pycache__/x.pyc", "x")
    assert repository.claim() == JANUARY_30
    shallow = repository.root.with_name("shallow")
    repository.git("clone", "-q", "--depth", "1", f"file://{repository.root}", str(shallow))
    assert History(shallow).claim(FOLDER) is None
    repository.write(f"{FOLDER}/model.py", "2")
    assert repository.claim() is None
    assert History(repository.root.parent).claim(FOLDER) is None


@pytest.mark.worker
def test_names_and_dates_in_other_commits_do_not_hide_a_time(repository: Repository) -> None:
    repository.write(f"{FOLDER}/model.py", "1")
    repository.commit("Ann's usps", JANUARY_30)
    for name in ("\x01", "\x02", "a\x0ctree 1234", "\u2028", "\udce9"):  # the last is a byte that is not UTF-8
        repository.write(f"submissions/bob/{name}/model.py", "2")
        repository.commit(f"{name}\x01\x02", FEBRUARY_3)
        repository.git("rm", "-rq", "submissions/bob")
        repository.commit("taken back", FEBRUARY_3)
    repository.write("submissions/bob/usps/model.py", "3")
    repository.git("add", "-A")
    repository.git("commit", "-qm", "far away", "--date=@999999999999 +0000")
    assert repository.claim() == JANUARY_30
    assert History(repository.root).claim("submissions/bob/usps") is None


@pytest.mark.worker
def test_the_hosts_record_of_a_push_takes_precedence(repository: Repository) -> None:
    repository.write(f"{FOLDER}/model.py", "1")
    repository.commit("mine", JANUARY_30)
    repository.write("README.md", "in the same push")
    repository.commit("more", JANUARY_30)
    found = History(repository.root, pushes={repository.name(): FEBRUARY_3}).claim(FOLDER)
    assert found == Claim(FEBRUARY_3, "the host's record of the push")


@pytest.mark.worker
@pytest.mark.parametrize("way", ["merge", "squash"])
def test_the_pull_request_gives_the_hand_in_time_and_not_the_merge(repository: Repository, way: str) -> None:
    repository.hand_in()
    mine = repository.name("ann")
    if way == "merge":
        repository.git("merge", "-q", "--no-ff", "-m", "merge", "ann", when=FEBRUARY_5)
    else:
        repository.git("merge", "-q", "--squash", "ann", when=FEBRUARY_5)
        repository.commit("Ann's usps (#1)", FEBRUARY_5)
    pushes, merged = {repository.name(): FEBRUARY_5}, {repository.name(): mine}
    for told in ({}, merged):
        found = History(repository.root, pushes=pushes, merged=told).claim(FOLDER)
        assert found is not None
        assert (found.moment, found.words[:4]) == (JANUARY_30, "git:")
    repository.git("branch", "-qD", "ann")
    if way == "squash":
        assert History(repository.root, pushes=pushes).claim(FOLDER) is None
    found = History(repository.root, pushes={mine: FEBRUARY_3} | pushes, merged=merged).claim(FOLDER)
    assert found == Claim(FEBRUARY_3, "the host's record of the push")


# who is believed


@pytest.mark.unit
def test_sources_of_times_have_an_order_of_precedence(tmp_path: Path) -> None:
    course = Course(tmp_path)
    told = Person(submission="ann", name="Ann", submitted_by_task={"usps": FEBRUARY_3})
    times = Times(course, HandedIn({(ANN.key, "usps"): FEBRUARY_5}))
    times.learn_import("ann", "usps", "d1", HandIn(late=False, source="Canvas: not marked LATE"))
    assert times.newest(told, "usps", "d1").source == "submitted.csv"
    times = Times(course)
    times.learn_import("ann", "usps", "d1", HandIn(late=False, source="Canvas: not marked LATE"))
    assert times.newest(told, "usps", "d1") == HandIn(moment=FEBRUARY_3, source="roster")
    assert times.newest(ANN, "usps", "d1").source == "Canvas: not marked LATE"
    times.learn_table(ANN, "usps", "d1", JANUARY_30, "table.csv")
    assert times.newest(ANN, "usps", "d1") == HandIn(moment=JANUARY_30, source="table.csv")
    assert not times.newest(ANN, "usps", "d2").is_known


@pytest.mark.unit
def test_a_removed_time_is_forgotten_and_each_member_has_their_own(tmp_path: Path) -> None:
    course = Course(tmp_path)
    wrong = Person(submission="team", name="Bob", submitted=FEBRUARY_3)
    other, right = Person(submission="team", name="Ann"), Person(submission="team", name="Bob")
    for person, moment in ((wrong, FEBRUARY_3), (other, None), (right, None), (right, None)):
        times = Times(course)
        assert times.newest(person, "usps", "d1").moment == moment
        times.save()
    assert not Times(course).earlier(right, "usps", "d1").is_known


@pytest.mark.unit
def test_an_earlier_attempt_keeps_the_time_that_it_had(tmp_path: Path) -> None:
    times = Times(Course(tmp_path))
    times.newest(Person(submission="ann", name="Ann", submitted=JANUARY_30), "usps", "d1")
    times.save()
    times = Times(Course(tmp_path))
    assert times.newest(Person(submission="ann", name="Ann", submitted=FEBRUARY_3), "usps", "d2").moment == FEBRUARY_3
    assert times.earlier(ANN, "usps", "d1").moment == JANUARY_30


@pytest.mark.unit
def test_the_same_files_imported_again_keep_the_first_information(tmp_path: Path) -> None:
    times = Times(Course(tmp_path))
    for late in (False, True):
        times.learn_import("ann", "usps", "d1", HandIn(late=late, source=f"{late}"))
    assert times.newest(ANN, "usps", "d1").late is False
    for moment in (FEBRUARY_3, FEBRUARY_5):
        times.learn_import("ann", "usps", "d1", HandIn(moment=moment, source="x"))
    assert times.newest(ANN, "usps", "d1").moment == FEBRUARY_3


@pytest.mark.unit
def test_a_table_read_before_the_files_applies_to_the_first_import(tmp_path: Path) -> None:
    times = Times(Course(tmp_path))
    times.learn_table(ANN, "usps", "", JANUARY_30, "table.csv")
    times.learn_import("ann", "usps", "d1", HandIn(late=True, source="Canvas: marked LATE"))
    assert times.newest(ANN, "usps", "d1").moment == JANUARY_30
    times.learn_import("ann", "usps", "d2", HandIn(late=True, source="Canvas: marked LATE"))
    assert times.newest(ANN, "usps", "d2").moment is None


@pytest.mark.unit
def test_archive_entry_times_kept_by_an_older_version_are_dropped(tmp_path: Path) -> None:
    path = tmp_path / ".harness" / "grade" / "times.json"
    path.parent.mkdir(parents=True)
    path.write_text('{"submissions/ann/usps d1": "2026-02-03T10:00:00Z"}')
    assert not Times(Course(tmp_path)).newest(ANN, "usps", "d1").is_known


@pytest.mark.unit
def test_the_first_push_of_a_commit_counts_and_is_kept(tmp_path: Path) -> None:
    times = Times(Course(tmp_path))
    assert times.learn_pushes({"c1": FEBRUARY_3, "c2": FEBRUARY_3}, {"m1": "c1"}) == 2
    times.save()
    times = Times(Course(tmp_path))
    assert times.learn_pushes({"c1": JANUARY_30, "c2": FEBRUARY_5}, {}) == 0
    assert times._file.pushes == {"c1": JANUARY_30, "c2": FEBRUARY_3}
    assert times._file.merged == {"m1": "c1"}
