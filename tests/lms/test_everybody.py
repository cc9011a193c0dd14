"""Classes with arbitrary names, through every system in and out: each person keeps their own work and grade."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC
from pathlib import Path
from random import Random

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from harness.course import Course
from harness.gradebook import Person, Roster, plain
from harness.lms import SYSTEMS, Import, Imported, Manner, Refused
from harness.lms.canvas import canvas_csv
from harness.lms.moodle import moodle_csv, moodle_worksheet
from harness.tables import parse_number
from tests.conftest import TemporaryCourse
from tests.lms.test_import import zipped
from tests.people import grade, sheet

pytestmark = pytest.mark.unit
SETTINGS = settings(
    max_examples=settings.default.max_examples // 4, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
"""Each example writes a whole download and imports it."""

_LETTERS = "abcDEéßøñŁı李Ω'’-._ "
_NAMES = st.text(_LETTERS, min_size=1, max_size=9).filter(lambda name: plain(name) and name == name.strip(" ."))


@dataclass(frozen=True)
class Student:
    """Somebody whom the other systems know."""

    first: str
    last: str
    number: int
    is_late: bool = False
    is_decomposed: bool = False

    @property
    def name(self) -> str:
        """As the systems show it."""
        name = f"{self.first} {self.last}"
        return unicodedata.normalize("NFD", name) if self.is_decomposed else name

    @property
    def login(self) -> str:
        """Of letters that logins have."""
        return f"u{self.number}"

    @property
    def person(self) -> Person:
        """Their line of the roster."""
        return Person(
            submission=f"s{self.number}",
            name=f"{self.first} {self.last}",
            canvas_id=str(self.number),
            email=f"{self.login}@x.org",
            sis_login_id=self.login,
            github=self.login,
        )

    @property
    def work(self) -> str:
        """What they hand in, which is nobody else's."""
        return f"OWNER = {self.number}\n"


_CLASS = st.lists(
    st.builds(Student, _NAMES, _NAMES, st.integers(1, 99_999), st.booleans(), st.booleans()),
    min_size=1,
    max_size=7,
    unique_by=lambda student: student.number,
)
SAME_NAMES = [Student("Ann", "Lee", 77), Student("Ann", "Lee", 78), Student("Lee", "Ann", 7)]


def of_canvas(one: Student) -> dict[str, str]:
    word = "".join(letter for letter in f"{one.last}{one.first}".lower() if letter.isalnum() or letter == "_")
    late = "_LATE" if one.is_late else ""
    return {f"{word}{late}_{one.number}_{900_000 + one.number}_model.py": one.work}


def of_moodle(one: Student) -> dict[str, str]:
    name = one.name.replace("_", " ")
    return {f"{name}_{one.number}_assignsubmission_file/model.py": one.work}


def of_blackboard(one: Student) -> dict[str, str]:
    start = f"HW 1_{one.login}_attempt_2026-01-30-10-15-33"
    return {f"{start}_model.py": one.work, f"{start}.txt": f"Name: {one.name} ({one.login})\nAssignment: HW 1\n"}


def of_brightspace(one: Student) -> dict[str, str]:
    name = one.name.replace("/", " ")
    return {f"{100_000 + one.number}-55 - {name} - Jan 30, 2026 1015 AM/model.py": one.work}


def of_ilias(one: Student) -> dict[str, str]:
    last, first = one.last.replace("_", "-"), one.first.replace("_", "-")
    return {f"{last}_{first}_{one.login}_{one.number}/20260130101533_model.py": one.work}


def of_github(one: Student) -> dict[str, str]:
    return {f"hw-1-{one.login}/model.py": one.work, f"hw-1-{one.login}/.git/HEAD": "ref: refs/heads/main\n"}


def of_gradescope(one: Student) -> dict[str, str]:
    return {f"submission_{one.number}/model.py": one.work}


def of_plain(one: Student) -> dict[str, str]:
    return {f"{one.login}/model.py": one.work}


DOWNLOADS: dict[str, Callable[[Student], dict[str, str]]] = {
    "canvas": of_canvas,
    "moodle": of_moodle,
    "blackboard": of_blackboard,
    "brightspace": of_brightspace,
    "ilias": of_ilias,
    "github": of_github,
    "gradescope": of_gradescope,
    "plain": of_plain,
}
NUMBERED = ("canvas", "blackboard", "github", "gradescope", "plain")
"""Where the roster holds what the download says of a person beside the name."""


def metadata(students: Sequence[Student]) -> str:
    """Return Gradescope's list of who handed in what."""
    return "".join(
        f"submission_{one.number}:\n  :submitters:\n  - :name: {quoted(one.name)}\n    :sid: '{one.number}'\n"
        f"    :email: {one.login}@x.org\n  :created_at: 2026-01-30 10:15:33.5 Z\n"
        for one in students
    )


def quoted(name: str) -> str:
    return "'" + name.replace("'", "''") + "'"


def refuse_walled(name: str, content: bytes, most: int) -> list[tuple[str, bytes]]:
    raise Refused(f"{name!r} is not opened here")


@pytest.fixture(scope="module")
def tasks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    course = TemporaryCourse.below(tmp_path_factory.mktemp("tasks"))
    course.add_task()
    return course.root / "tasks"


@pytest.fixture
def new_course(tasks: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[[], Course]:
    """Make a course without submissions."""

    def make() -> Course:
        root = tmp_path_factory.mktemp("class")
        (root / "tasks").symlink_to(tasks)
        return Course(root)

    return make


def take(course: Course, system: str, students: Sequence[Student], roster: Roster | None) -> list[Imported]:
    files = {name: text for one in students for name, text in DOWNLOADS[system](one).items()}
    if system == "gradescope":
        files["submission_metadata.yml"] = metadata(students)
    (course.root / "bulk.zip").write_bytes(zipped(files))
    wishes = Import(course=course, system=SYSTEMS[system], task="blobs", roster=roster, walled=refuse_walled, zone=UTC)
    return list(wishes.run(course.root / "bulk.zip"))


def laid_out(course: Course) -> dict[str, str]:
    folder = course.root / "submissions"
    return {path.relative_to(folder).as_posix(): path.read_text() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("system", DOWNLOADS)
@settings(SETTINGS)
@given(_CLASS, st.integers(0, 3))
@example(SAME_NAMES, 1)
def test_without_a_roster_everybody_has_a_folder_of_their_own(
    system: str, new_course: Callable[[], Course], students: list[Student], left: int
) -> None:
    course = new_course()
    first = take(course, system, students[left:] or students, None)
    assert not [one for one in first if one.outcome == "refused"]
    before = laid_out(course)
    again = take(course, system, students, None)  # others come first, and in another order
    assert sorted(laid_out(course).values()) == sorted(one.work for one in students)
    assert before.items() <= laid_out(course).items()
    outcomes = Counter(one.outcome for one in again if one.outcome != "skipped")
    assert outcomes == Counter(unchanged=len(before), new=len(students) - len(before))
    assert {place.split("/", 1)[1] for place in laid_out(course)} == {"blobs/model.py"}


@pytest.mark.parametrize("system", DOWNLOADS)
@settings(SETTINGS)
@given(_CLASS, st.sets(st.integers(0, 6)), st.sets(st.integers(0, 6)))
@example(SAME_NAMES, set(), set())
@example(SAME_NAMES, set(), {0, 2})
@example(SAME_NAMES, set(), {1, 2})
def test_with_a_roster_everybody_is_in_its_folder_or_refused_by_name(
    system: str, new_course: Callable[[], Course], students: list[Student], unknown: set[int], absent: set[int]
) -> None:
    course = new_course()
    known = [one for at, one in enumerate(students) if at not in unknown]
    there = [one for at, one in enumerate(students) if at not in absent] or students
    found = take(course, system, there, Roster(tuple(one.person for one in known)))
    refused = [one for one in found if one.outcome == "refused"]
    right = {f"{one.person.submission}/blobs/model.py": one.work for one in known if one in there}
    assert laid_out(course).items() <= right.items(), "somebody else's work"
    assert len(laid_out(course)) + len(refused) == len(there), "lost or doubled"
    if system in NUMBERED:
        assert laid_out(course) == right


# results


CELLS = st.sampled_from(["", "-", "EX", "N/A", "8.50", "0", '"7,5"', '"see, me"', "x"])


@dataclass(frozen=True)
class Line:
    """A student, what stands in their cell, and what they get."""

    student: Student
    cell: str
    final: float | None


_FINALS = st.none() | st.integers(0, 100).map(lambda tenths: tenths / 10)
_LINES = st.lists(
    st.builds(
        Line,
        st.builds(Student, _NAMES, _NAMES, st.integers(1, 99_999)),
        CELLS,
        _FINALS,
    ),
    min_size=1,
    max_size=12,
    unique_by=lambda line: line.student.number,
)


def in_quotes(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'


def canvas_line(line: Line) -> tuple[str, str, str]:
    """Return what stands before the cell, the cell, and what stands behind it."""
    one = line.student
    return f"{in_quotes(f'{one.last}, {one.first}')},{one.number},,M 1,", line.cell, ', 80.0 ,"a note"\r\n'


def moodle_line(line: Line) -> tuple[str, str, str]:
    one = line.student
    before = f"Participant {one.number},{in_quotes(one.name)},{one.login}@x.org,Submitted,"
    return before, line.cell, ",10.00,Yes,-,-\r\n"


CANVAS = "Student,ID,SIS Login ID,Section,USPS (7),Final Score,Notes\r\n    Points Possible,,,, 10.0 ,(read only),\r\n"
MOODLE = (
    "Identifier,Full name,Email address,Status,Grade,Maximum Grade,Grade can be changed,"
    "Last modified (submission),Last modified (grade)\r\n"
)


@pytest.mark.parametrize("system", ["canvas", "moodle"])
@given(_LINES, st.booleans(), st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]), st.randoms(use_true_random=False))
def test_grades_reach_the_right_people_and_every_other_byte_stays(
    system: str, lines: list[Line], overwrite: bool, encoding: str, random: Random
) -> None:
    header, row = (CANVAS, canvas_line) if system == "canvas" else (MOODLE, moodle_line)
    text = header + "".join("".join(row(line)) for line in lines)
    entries = [grade(line.student.person, line.final) for line in lines]
    random.shuffle(entries)
    there, manner = sheet(text.encode(encoding)), Manner(overwrite=overwrite)
    is_canvas = system == "canvas"
    filled = canvas_csv(entries, "USPS", there, manner) if is_canvas else moodle_worksheet(entries, there, manner)
    pattern = re.escape(header)
    for line in lines:
        before, cell, after = map(re.escape, row(line))
        pattern += before + (cell if line.final is None else "(.*?)") + after
    found = re.fullmatch(pattern, filled.content.decode(encoding), re.DOTALL)
    assert found is not None, "something else was changed"
    graded = [line for line in lines if line.final is not None]
    told = {str(change).partition(":")[0] for change in filled.changes}
    for line, cell in zip(graded, found.groups(), strict=True):
        is_free = line.cell in ("", "-") or (overwrite and line.cell != "N/A")
        if is_free:
            assert parse_number(cell.strip('"')) == line.final
        else:
            assert cell == line.cell
        if cell != line.cell:
            assert str(line.student.person) in told
    if encoding != "utf-16":
        assert filled.content.startswith(text.encode(encoding)[:3])


@given(_LINES)
def test_a_new_file_for_moodle_names_each_graded_person_once(lines: list[Line]) -> None:
    entries = [grade(line.student.person, line.final) for line in lines]
    written = moodle_csv(entries, "USPS", "10").content.decode().splitlines()
    expected = [f"{line.student.login}@x.org,{line.final:.2f}" for line in lines if line.final is not None]
    assert [",".join(text.split(",")[:2]) for text in written[1:]] == expected
