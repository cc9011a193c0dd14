"""Downloads of learning platforms become submissions: none is lost, duplicated, or given to another person."""

from __future__ import annotations

import errno
import io
import os
import stat
import subprocess
import tarfile
import zipfile
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from harness.course import Course
from harness.errors import UsageError
from harness.evaluation import read_contents
from harness.gradebook import Person, Roster, Times
from harness.lms import SYSTEMS, Import, Imported, Origins, Refused
from harness.lms._import_uploads import _owners
from harness.lms._members import Member, _member
from harness.lms._unpack import rooted
from harness.lms._uploads import Upload
from harness.lms.submission_tables import read_table
from tests.conftest import CENTROIDS, TemporaryCourse

DOWNLOADED = (2026, 2, 3, 9, 15, 0)
ROSTER = Roster(
    (
        Person(submission="ann", name="Ann Ark", canvas_id="101"),
        Person(submission="bob", name="Böb van Berg", email="bob@x.org", sis_login_id="bberg"),
        Person(submission="team", name="Eve Eel"),
        Person(submission="team", name="Fay Fox"),
    )
)


def refuse_walled(name: str, content: bytes, most: int) -> list[tuple[str, bytes]]:
    raise Refused(f"{name!r} is not opened here")


def member(name: str, mode: int = 0) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo("x", DOWNLOADED)
    info.filename = name
    info.external_attr = mode << 16
    return info


def zipped(files: Mapping[str, bytes | str]) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name, text in files.items():
            archive.writestr(member(name), text)
    return content.getvalue()


def tarred(files: Mapping[str, bytes]) -> bytes:
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w:gz") as archive:
        for name, text in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(text)
            archive.addfile(info, io.BytesIO(text))
    return content.getvalue()


@pytest.fixture
def here(course: TemporaryCourse) -> Course:
    return Course(course.root)


def take(
    here: Course,
    files: Mapping[str, bytes | str] | Path,
    system: str = "canvas",
    roster: Roster | None = None,
    **more: Any,
) -> list[Imported]:
    """Import a zip of `files`; what was skipped is left out of the answer."""
    source = files if isinstance(files, Path) else here.root / "bulk.zip"
    if not isinstance(files, Path):
        source.write_bytes(zipped(files))
    more = {"zone": UTC, **more}
    wishes = Import(course=here, system=SYSTEMS[system], task="blobs", roster=roster, walled=refuse_walled, **more)
    return list(wishes.run(source))


def outcomes(found: list[Imported]) -> list[tuple[str, str]]:
    return [(one.outcome, one.submission) for one in found if one.outcome != "skipped"]


def laid_out(here: Course) -> dict[str, str]:
    folder = here.root / "submissions"
    return {path.relative_to(folder).as_posix(): path.read_text() for path in folder.rglob("*") if path.is_file()}


def skipped(found: list[Imported]) -> dict[str, int]:
    return {one.note: one.count for one in found if one.outcome == "skipped"}


# whose it is


@pytest.mark.parametrize(
    ("name", "place"),
    [
        ("arkann_101_5001_model.py", "arkann-101/blobs/model.py"),
        ("arkann_LATE_101_5001_model.py", "arkann-101/blobs/model.py"),
        ("arkann_101_5001_model-2.py", "arkann-101/blobs/model.py"),
        ("arkann_101_5001_notes-1.txt", "arkann-101/blobs/notes-1.txt"),
        ("anon_aB3xY_5001_model.py", "anon-ab3xy/blobs/model.py"),
        ("LATE_anon_aB3xY_5001_model.py", "anon-ab3xy/blobs/model.py"),
        ("van_der_bergjo_104_5104_model.py", "van-der-bergjo-104/blobs/model.py"),
        ("team_7_105_5105_model.py", "team-7-105/blobs/model.py"),
        ("project_group3_102_5002_2_x.py", "project-group3-102/blobs/2_x.py"),
        ("team_0_1_900001_model.py", "team-0-1/blobs/model.py"),
        ("arkann_101_text.html", "arkann-101/blobs/text.html"),
        ("submissions/arkann_101_5001_model.py", "arkann-101/blobs/model.py"),
    ],
)
def test_every_form_of_name_in_a_canvas_download_is_read(here: Course, name: str, place: str) -> None:
    take(here, {name: "x"})
    assert set(laid_out(here)) == {place}


def test_a_number_in_the_roster_decides_how_a_name_is_read(here: Course) -> None:
    take(here, {"team_30_103_5003_model.py": "x"}, roster=Roster((Person(submission="t", canvas_id="30"),)))
    assert set(laid_out(here)) == {"t/blobs/5003_model.py"}


@pytest.mark.parametrize(
    ("name", "place"),
    [
        ("Ann Ark_77_assignsubmission_file_/model.py", "ann-ark-77/blobs/model.py"),
        ("Ann Ark_77_assignsubmission_file/blobs/model.py", "ann-ark-77/blobs/model.py"),
        ("Ann Ark_77_assignsubmission_file_model.py", "ann-ark-77/blobs/model.py"),
        ("Participant_501_assignsubmission_file/model.py", "participant-501/blobs/model.py"),
        ("Team 7_55_assignsubmission_file/model.py", "team-7-55/blobs/model.py"),
        ("Default group_assignsubmission_file/model.py", "default-group/blobs/model.py"),
        ("Ann Ark_77_assignsubmission_onlinetext/onlinetext.html", "ann-ark-77/blobs/onlinetext.html"),
        ("ML-HW1-123/Ann Ark_77_assignsubmission_file_/model.py", "ann-ark-77/blobs/model.py"),
        ("Zoe\u0308 Ark_77_assignsubmission_file/model.py", "zoe-ark-77/blobs/model.py"),
    ],
)
def test_every_form_of_name_in_a_moodle_download_is_read(here: Course, name: str, place: str) -> None:
    take(here, {name: "x"}, "moodle")
    assert set(laid_out(here)) == {place}


@pytest.mark.parametrize(
    ("system", "names", "places"),
    [
        (
            "blackboard",
            {
                "HW 1_bberg_attempt_2026-01-30-10-15-33.txt": "Name: Böb van Berg (bberg)\nAssignment: HW 1\n",
                "HW 1_bberg_attempt_2026-01-30-10-15-33_model.py": "new",
                "HW 1_bberg_attempt_2026-01-29-10-15-33_model.py": "old",
            },
            {"bob/blobs/model.py": "new"},
        ),
        (
            "brightspace",
            {
                "index.html": "x",
                "900-101 - Ann Ark - Jan 30, 2026 1015 AM/model.py": "old",
                "900-101 - Ann Ark - Jan 31, 2026 1015 AM/model.py": "new",
                "901-101 - Eve Eel - 31 January, 2026 1015 AM/model.py": "eve",
            },
            {"ann/blobs/model.py": "new", "team/blobs/model.py": "eve"},
        ),
        (
            "ilias",
            {"HW/Ark_Ann_aark_4711/20260130101533_model.py": "x", "HW/list.xlsx": "x", "HW/readme": "x"},
            {"ann/blobs/model.py": "x"},
        ),
        (
            "gradescope",
            {
                "assignment_1_export/submission_metadata.yml": "submission_7:\n  :submitters:\n  - :name: Böb\n"
                "    :sid: 'S'\n    :email: bob@x.org\n  :created_at: 2026-01-30 10:15:33.5 Z\n",
                "assignment_1_export/submission_7/model.py": "x",
            },
            {"bob/blobs/model.py": "x"},
        ),
        (
            "plain",
            {"class/Ann Ark/work/model.py": "a", "class/bob.zip": zipped({"model.py": "b"}), "class/.DS_Store": "x"},
            {"ann/blobs/model.py": "a", "bob/blobs/model.py": "b"},
        ),
        ("github", {"dl-hw1-bberg/model.py": "b", "dl-hw1-ann/model.py": "a", "dl-hw1-ann/.git/HEAD": "x"}, None),
    ],
)
def test_downloads_of_other_systems_are_read(
    here: Course, system: str, names: dict[str, bytes | str], places: dict[str, str] | None
) -> None:
    take(here, names, system, ROSTER)
    assert laid_out(here) == (places or {"bob/blobs/model.py": "b", "ann/blobs/model.py": "a"})


BLACKBOARD = "HW 1_{}_attempt_2026-01-30-10-15-33"
"""How Blackboard's names begin."""


@pytest.mark.parametrize("label", ["Name:", "Nom :", "名前："])
def test_the_first_line_of_the_attempt_file_names_the_student(here: Course, label: str) -> None:
    name = BLACKBOARD.format("aark")
    text = f"\ufeff{label} Ann Ark (aark)\r\nAssignment: HW 1\r\n\r\nComments:\r\nName: Böb van Berg (bberg)\r\n"
    take(here, {f"{name}.txt": text, f"{name}_model.py": "ann"}, "blackboard", ROSTER)
    assert laid_out(here) == {"ann/blobs/model.py": "ann"}


def test_a_login_may_hold_an_underscore(here: Course) -> None:
    roster = Roster((Person(submission="ann", sis_login_id="a_ark"), Person(submission="bob", sis_login_id="b_ark")))
    names = {f"{BLACKBOARD.format(login)}_model.py": login for login in ("a_ark", "b_ark")}
    expected = {"ann/blobs/model.py": "a_ark", "bob/blobs/model.py": "b_ark"}
    take(here, names, "blackboard", roster)
    assert laid_out(here) == expected
    names = {
        f"{who}_{login}_471{at}/model.py": login
        for at, (who, login) in enumerate((("Ark_A", "a_ark"), ("Ark_B", "b_ark")))
    }
    take(here, names, "ilias", roster)
    assert laid_out(here) == expected


def test_logins_with_the_same_ending_are_different_people(here: Course) -> None:
    take(here, {f"{BLACKBOARD.format(login)}_model.py": login for login in ("a_ark", "b_ark")}, "blackboard")
    take(here, {f"{BLACKBOARD.format('b_ark')}_model.py": "again"}, "blackboard")
    assert laid_out(here) == {"hw-1-a-ark/blobs/model.py": "a_ark", "hw-1-b-ark/blobs/model.py": "again"}


def test_in_a_clone_of_the_whole_course_only_the_owners_work_counts(here: Course) -> None:
    files = {
        f"dl-hw1-{login}/submissions/{name}/blobs/model.py": f"{login}: {name}"
        for login in ("bberg", "ann")
        for name in ("ann", "bob")
    }
    take(here, files, "github", ROSTER)
    assert laid_out(here) == {"ann/blobs/model.py": "ann: ann", "bob/blobs/model.py": "bberg: bob"}


def test_times_in_file_names_of_a_system_are_hand_in_times(here: Course) -> None:
    files: dict[str, bytes | str] = {"HW_bberg_attempt_2026-01-30-10-15-33_model.py": "x"}
    with pytest.raises(UsageError, match="2026-01-30T10:15:33 has no time zone"):
        take(here, files, "blackboard", ROSTER, zone=None)
    assert not laid_out(here)
    take(here, files, "blackboard", ROSTER, zone=ZoneInfo("Europe/Berlin"))
    digest = read_contents(here.root / "submissions/bob/blobs", here.task("blobs").limits).digest
    found = Times(here).newest(Person(submission="bob"), "blobs", digest)
    assert found.moment == datetime(2026, 1, 30, 9, 15, 33, tzinfo=UTC)
    assert found.source == "Blackboard's download"


def test_times_of_archive_entries_are_not_hand_in_times(here: Course) -> None:
    take(here, {"arkann_101_1_model.py": "x", "bergbob_LATE_102_2_model.py": "y"})
    limits, times = here.task("blobs").limits, Times(here)
    found = {}
    for name in ("arkann-101", "bergbob-102"):
        digest = read_contents(here.root / "submissions" / name / "blobs", limits).digest
        found[name] = times.newest(Person(submission=name), "blobs", digest)
    assert [one.moment for one in found.values()] == [None, None]
    assert [one.late for one in found.values()] == [False, True]


@pytest.mark.worker
def test_the_hand_in_time_of_a_clone_is_of_the_first_complete_commit(here: Course) -> None:
    clones = here.root / "clones"
    for name, when in (("hw-ann", "2026-01-30T10:00:00Z"), ("hw-bob", "2026-02-03T10:00:00Z")):
        folder = clones / name
        folder.mkdir(parents=True)
        (folder / "model.py").write_text(name)
        who = ["-c", "user.name=x", "-c", "user.email=x@x.org"]
        dates = {"GIT_AUTHOR_DATE": when, "GIT_COMMITTER_DATE": when}
        for arguments in (["init", "-q"], ["add", "-A"], [*who, "commit", "-qm", "mine"]):
            subprocess.run(["git", *arguments], cwd=folder, env=os.environ | dates, check=True)
    take(here, clones, "github")
    assert set(laid_out(here)) == {"ann/blobs/model.py", "bob/blobs/model.py"}
    digest = read_contents(here.root / "submissions/ann/blobs", here.task("blobs").limits).digest
    found = Times(here).newest(Person(submission="ann"), "blobs", digest)
    assert found.moment == datetime(2026, 1, 30, 10, tzinfo=UTC)
    assert "of the clone, by its author's clock" in found.source


def test_the_roster_says_whose_a_submission_is(here: Course) -> None:
    files = {"x_101_1_model.py": "number", "vanbergböb_102_2_model.py": "name", "eelnobody_103_3_model.py": "nobody"}
    found = take(here, files, roster=ROSTER)
    assert outcomes(found) == [("refused", ""), ("new", "ann"), ("new", "bob")]
    assert "not in the roster" in found[0].note


def test_a_name_that_may_be_of_a_group_is_reported(here: Course) -> None:
    people = [Person(submission=name, name=f"{name} Lee", canvas_id=str(at)) for at, name in enumerate("abcd", 1)]
    files = {"leea_1_11_model.py": "x", "teamnorth_2_12_model.py": "y"}
    notes = [one.note for one in take(here, files, roster=Roster(tuple(people)))]
    assert notes == [
        "",
        "the name is not that of b Lee (b): if it is a group's, give all members one submission in the roster",
    ]
    together = [Person(submission="north", name=f"{one} Lee", canvas_id=str(at)) for at, one in enumerate("ab", 1)]
    assert [one.note for one in take(here, {"teamnorth_2_12_model.py": "y"}, roster=Roster(tuple(together)))] == [""]


def test_a_number_takes_precedence_over_a_name(here: Course) -> None:
    roster = Roster((Person(submission="one", name="Ann Lee", canvas_id="1"), Person(submission="two", name="Ann Lee")))
    found = take(here, {"leeann_1_11_model.py": "x", "leeann_2_12_model.py": "y"}, roster=roster)
    assert outcomes(found) == [("refused", ""), ("new", "one")]
    assert "the roster has 2 people with this name: give them canvas_id" in found[0].note
    other = Roster((Person(submission="one", name="Ann Lee", canvas_id="1"),))
    assert "whose canvas_id is 1, not 2" in take(here, {"leeann_2_12_model.py": "y"}, roster=other)[0].note


def test_two_people_of_one_name_are_never_mixed_up(here: Course) -> None:
    one, two = "Ann Lee_77_assignsubmission_file/model.py", "Ann Lee_78_assignsubmission_file/model.py"
    take(here, {one: "77", two: "78"}, "moodle")
    take(here, {two: "78 again"}, "moodle")
    take(here, {"Ann Lee_9_assignsubmission_file/model.py": "9", one: "77"}, "moodle")
    assert laid_out(here) == {
        "ann-lee-77/blobs/model.py": "77",
        "ann-lee-78/blobs/model.py": "78 again",
        "ann-lee-9/blobs/model.py": "9",
    }


def test_a_number_is_the_same_person_after_a_change_of_name(here: Course) -> None:
    take(here, {"Ann Lee_77_assignsubmission_file/model.py": "1"}, "moodle")
    take(here, {"Ann Miller_77_assignsubmission_file/model.py": "2"}, "moodle")
    assert laid_out(here) == {"ann-lee-77/blobs/model.py": "2"}


def test_clones_keep_their_names_and_never_replace_each_other(here: Course) -> None:
    ann: dict[str, bytes | str] = {"dl-hw1-ann-x/model.py": "ann"}
    take(here, {**ann, "dl-hw1-ann-y/model.py": "other ann"}, "github")
    assert laid_out(here) == {"x/blobs/model.py": "ann", "y/blobs/model.py": "other ann"}
    assert outcomes(take(here, {**ann, "dl-hw1-bob-x/model.py": "bob"}, "github")) == [
        ("unchanged", "x"),
        ("new", "bob-x"),
    ]
    assert outcomes(take(here, {"dl-hw1-x/model.py": "x", "dl-hw1-z/model.py": "z"}, "github")) == [
        ("refused", ""),
        ("new", "z"),
    ]
    assert laid_out(here)["x/blobs/model.py"] == "ann"


def test_plain_folders_may_be_named_by_login_address_or_number(here: Course) -> None:
    roster = Roster(
        (
            Person(submission="ann", name="Ann Ark", id_number="A-17"),
            Person(submission="bob", name="Bob Berg", email="Bob@x.org"),
            Person(submission="cy", name="Cy Cole", sis_login_id="ccole"),
        )
    )
    take(here, {"a-17/model.py": "a", "bob@x.org/model.py": "b", "CCole.py": "c"}, "plain", roster)
    assert laid_out(here) == {"ann/blobs/model.py": "a", "bob/blobs/model.py": "b", "cy/blobs/model.py": "c"}


def test_a_similar_name_in_the_roster_is_suggested_and_not_used(here: Course) -> None:
    roster = Roster((Person(submission="jose", name="José Núñez"), Person(submission="ann", name="Ann Ark")))
    files = {"Jose Nunez_1_assignsubmission_file/model.py": "x", "Dr. Ann M. Ark_2_assignsubmission_file/model.py": "y"}
    assert [one.note for one in take(here, files, "moodle", roster)] == [
        "not in the roster: is it José Núñez (jose)?",
        "not in the roster: is it Ann Ark (ann)?",
    ]


def test_a_folder_around_all_people_is_not_a_person(here: Course) -> None:
    zips = {"hw1/ann.zip": zipped({"hw/model.py": "a"}), "hw1/bob.zip": zipped({"model.py": "b"}), "hw1/read.txt": b"x"}
    found = take(here, zips, "plain")
    assert outcomes(found) == [("refused", ""), ("new", "ann"), ("new", "bob")]
    one_person = {"ann/model.py": "a", "ann/helper.py": "b", "ann/data.zip": zipped({"x.csv": "1"})}
    assert outcomes(take(here, one_person, "plain")) == [("replaced", "ann")]


def test_sources_in_one_folder_are_people_only_where_the_roster_says_so(here: Course) -> None:
    files: dict[str, bytes | str] = {"hw1/ann.py": "a", "hw1/bob.py": "b"}
    with pytest.raises(UsageError, match="one person's file, or a person\\? Give a roster"):
        take(here, files, "plain")
    assert outcomes(take(here, files, "plain", ROSTER)) == [("new", "ann"), ("new", "bob")]
    assert outcomes(take(here, {"ann.py": "a", "eve.py": "e"}, "plain")) == [("unchanged", "ann"), ("new", "eve")]


def test_names_that_give_the_same_folder_are_refused(here: Course) -> None:
    found = take(here, {"Zoë/model.py": "1", "Zoe/model.py": "2", "Bob/model.py": "3"}, "plain")
    assert outcomes(found) == [("refused", ""), ("refused", ""), ("new", "bob")]
    assert "would both be submissions/zoe: give a roster" in found[0].note
    assert "holds the work of 'Bob'" in take(here, {"bob/model.py": "4", "x/model.py": "5"}, "plain")[0].note
    assert laid_out(here)["bob/blobs/model.py"] == "3"


def test_a_groups_newest_work_counts_where_that_is_known(here: Course) -> None:
    canvas = {"foxfay_103_9_model.py": "late", "eeleve_104_8_model.py": "early"}
    found = take(here, canvas, roster=ROSTER)
    assert outcomes(found) == [("new", "team"), ("unchanged", "team")]
    assert found[1].note == "one submission with foxfay: foxfay handed in later"
    assert laid_out(here) == {"team/blobs/model.py": "late"}
    moodle = {f"Team 1-{who}_{at}_assignsubmission_file/model.py": who for at, who in enumerate(["Eve Eel", "Fay Fox"])}
    assert [one.outcome for one in take(here, moodle, "moodle", ROSTER)] == ["refused", "refused"]
    assert laid_out(here) == {"team/blobs/model.py": "late"}
    same = dict.fromkeys(moodle, "same")
    assert outcomes(take(here, same, "moodle", ROSTER)) == [("replaced", "team"), ("unchanged", "team")]


def test_a_table_identifies_participants_by_number(here: Course) -> None:
    names = {"501": "ann", "502": "bob"}
    found = take(here, {"Participant_501_assignsubmission_file/model.py": "x"}, "moodle", ROSTER, names=names)
    assert outcomes(found) == [("new", "ann")]
    origin = Origins(here).of("ann", "blobs")
    assert origin is not None
    assert (origin.system, origin.number) == ("moodle", "501")


# what is in it


def test_files_that_were_handed_in_again_have_their_own_names(here: Course) -> None:
    again = {
        "a_101_7_model-1.py": "m",
        "a_101_8_helper-1.py": "h",
        "a_101_9_block-1.py": "1",
        "a_101_10_block-2.py": "2",
    }
    take(here, again)
    assert sorted(laid_out(here)) == [f"a-101/blobs/{name}.py" for name in ("block-1", "block-2", "helper", "model")]
    first = {"b_102_7_model.py": "m", "b_102_8_block-1.py": "1"}
    take(here, first)
    assert sorted(laid_out(here))[4:] == ["b-102/blobs/block-1.py", "b-102/blobs/model.py"]


def test_the_later_of_two_copies_counts(here: Course) -> None:
    take(here, {"arkann_101_9_model-1.py": "late", "arkann_101_8_model.py": "early"})
    assert laid_out(here) == {"arkann-101/blobs/model.py": "late"}


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("w.zip", zipped({"project\\model.py": CENTROIDS, "project\\layers\\a.py": "x"})),
        ("w.zip", zipped({"HW/model.py": CENTROIDS, "HW/layers/a.py": "x", "HW/.DS_Store": "", "__MACOSX/HW/._m": ""})),
        ("w.zip", zipped({"inner.zip": zipped({"a/model.py": CENTROIDS, "a/layers/a.py": "x"})})),
        ("w.zip", zipped({"Blobs/model.py": CENTROIDS, "Blobs/layers/a.py": "x", "other/model.py": "y"})),
        ("w.zip", zipped({"model.py": CENTROIDS, "layers/a.py": "x", "venv/lib/site-packages/p.py": ""})),
        ("w.tar.gz", tarred({"./model.py": CENTROIDS.encode(), "./layers/a.py": b"x"})),
        ("w.tgz", tarred({"a/model.py": CENTROIDS.encode(), "a/layers/a.py": b"x"})),
        ("model.py", zipped({"model.py": CENTROIDS, "layers/a.py": "x"})),
        ("called.zip", tarred({"model.py": CENTROIDS.encode(), "layers/a.py": b"x"})),
        ("called.rar", zipped({"model.py": CENTROIDS, "layers/a.py": "x"})),
    ],
)
def test_archives_of_every_format_are_opened(here: Course, name: str, content: bytes) -> None:
    take(here, {f"arkann_101_1_{name}": content})
    assert laid_out(here) == {"arkann-101/blobs/model.py": CENTROIDS, "arkann-101/blobs/layers/a.py": "x"}


def test_a_colon_is_part_of_a_name(here: Course) -> None:
    take(here, {"arkann_101_1_w.zip": zipped({"model.py": "x", "notes: draft.txt": "y"})})
    assert "arkann-101/blobs/notes: draft.txt" in laid_out(here)


def test_a_text_beside_files_is_skipped_and_a_text_alone_is_kept(here: Course) -> None:
    found = take(here, {"a_101_1_model.py": "x", "a_101_text.html": "t", "b_102_text.html": "t"})
    assert skipped(found) == {"a text typed in beside files": 1}
    assert "b-102/blobs/text.html" in laid_out(here)
    assert [one.note for one in found if one.submission == "b-102"] == ["a text instead of a file; no model.py in it"]


def test_system_files_are_counted_and_unassigned_files_are_named(here: Course) -> None:
    found = take(here, {"a_101_1_model.py": "x", "__MACOSX/._a_101_1_model.py": "", ".DS_Store": "", "model.py": "?"})
    assert skipped(found) == {"made by the operating system": 2}
    assert [(one.who, one.note) for one in found if one.outcome == "refused"] == [
        ("model.py", "not named as in a download of Canvas")
    ]


def test_importing_again_changes_nothing_and_keeps_existing_files(here: Course) -> None:
    take(here, {"arkann_101_1_model.py": "one"})
    (here.root / "submissions/arkann-101/blobs/__pycache__").mkdir()
    (here.root / "submissions/arkann-101/blobs/__pycache__/m.pyc").write_text("x")
    assert outcomes(take(here, {"arkann_101_1_model.py": "one"})) == [("unchanged", "arkann-101")]
    assert outcomes(take(here, {"arkann_101_2_model-1.py": "two"})) == [("replaced", "arkann-101")]
    assert laid_out(here) == {"arkann-101/blobs/model.py": "two"}
    (kept,) = (here.private / "replaced" / "arkann-101").glob("blobs-*/model.py")
    assert kept.read_text() == "one"


def paths(*names: str) -> dict[PurePosixPath, bytes]:
    return {PurePosixPath(name): b"" for name in names}


@pytest.mark.unit
@pytest.mark.parametrize(
    ("names", "kept"),
    [
        (["model.py", "a/b.py"], ["model.py", "a/b.py"]),
        (["x/model.py", "x/b.py", "readme.txt"], ["model.py", "b.py"]),
        (["x/usps/model.py", "x/blobs/model.py"], ["model.py"]),
        (["x/model.py", "x/old/model.py"], ["model.py", "old/model.py"]),
        (["x/y/notes.txt", "x/y/z/more.txt"], ["notes.txt", "z/more.txt"]),
        (["x/work.ipynb", "readme.txt"], ["work.ipynb"]),
    ],
)
def test_the_folder_that_holds_the_model_is_found(names: list[str], kept: list[str]) -> None:
    assert sorted(map(str, rooted(paths(*names), "blobs"))) == sorted(kept)


@pytest.mark.unit
def test_two_models_side_by_side_are_refused() -> None:
    with pytest.raises(Refused, match="2 folders hold a model"):
        rooted(paths("a/model.py", "b/model.py"), "blobs")


# what is dangerous


@pytest.mark.parametrize(
    "inner", ["../../../evil.py", "/etc/evil.py", "a/../../evil.py", "C:/evil.py", "a\\..\\evil.py"]
)
def test_a_path_out_of_its_folder_is_refused_and_stops_no_other(here: Course, inner: str) -> None:
    found = take(here, {"arkann_101_1_w.zip": zipped({inner: "evil"}), "bob_102_2_model.py": "x"})
    assert [one.outcome for one in found] == ["refused", "new"]
    assert "leads out of its folder" in found[0].note
    assert set(laid_out(here)) == {"bob-102/blobs/model.py"}
    assert not list(here.root.parent.rglob("evil.py"))


@pytest.mark.parametrize("system", sorted(SYSTEMS))
def test_a_member_without_a_name_stops_no_other(here: Course, system: str) -> None:
    members = [Member(PurePosixPath("model.py"), lambda _: b""), _member(".", lambda _: b"", "")]
    assert len(SYSTEMS[system].parse(members, None)) == 2


def test_a_path_out_of_the_download_is_refused(here: Course) -> None:
    found = take(here, {"Ann Ark_77_assignsubmission_file_/../../../evil.py": "x"}, "moodle")
    assert [one.outcome for one in found] == ["refused"]


def test_a_link_is_refused(here: Course) -> None:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr(member("model.py", stat.S_IFLNK | 0o777), "/etc/passwd")
    (found,) = take(here, {"arkann_101_1_w.zip": content.getvalue()})
    assert "is not a regular file" in found.note


def test_a_decompression_bomb_is_refused(here: Course, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("harness.lms._unpack.MOST_BYTES", 100_000)
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("model.py", bytes(1_000_000))
    (found,) = take(here, {"arkann_101_1_w.zip": content.getvalue()})
    assert "more than 100,000 bytes" in found.note


@pytest.mark.parametrize("way", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_an_archive_with_an_unusual_compression_is_refused(here: Course, way: int) -> None:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", way) as archive:
        archive.writestr("model.py", bytes(1_000_000))
    (found,) = take(here, {"arkann_101_1_w.zip": content.getvalue()})
    assert "is compressed in a way that is not opened here" in found.note


def test_a_full_disk_is_not_a_broken_archive(here: Course, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("harness.lms._import_uploads.lay_out", fail)
    with pytest.raises(OSError, match="No space left"):
        take(here, {"arkann_101_1_model.py": "x"})


def test_the_nesting_of_archives_is_limited(here: Course) -> None:
    content = zipped({"model.py": CENTROIDS})
    for _ in range(6):
        content = zipped({"w.zip": content})
    (found,) = take(here, {"arkann_101_1_w.zip": content})
    assert "archives within archives" in found.note


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"no zip", "is not a whole zip file"),
        (zipped({"model.py": CENTROIDS})[:-30], "is not a whole zip file"),
        (tarred({"model.py": CENTROIDS.encode()})[:-30], "is not a whole tar archive"),
        (b"Rar!\x1a\x07\x01\x00", "'w.zip' is not opened here"),
        (zipped({"model-é.py": CENTROIDS}).replace("é".encode(), b"\xff\xff"), "is not a whole zip file"),
        (zipped({"model.py": CENTROIDS, f"{'long' * 100}.py": ""}), "cannot be a file here"),
        (zipped({"model.py": CENTROIDS, "a": "x", "a/b": "y"}), "cannot be a file here"),
    ],
)
def test_a_broken_archive_is_refused_and_leaves_no_folder(here: Course, content: bytes, problem: str) -> None:
    (found,) = take(here, {"arkann_101_1_w.zip": content})
    assert problem in found.note
    assert str(here.root) not in found.note
    assert not (here.root / "submissions" / "arkann-101").exists()


@pytest.mark.parametrize("inner", [{"model.py": "x", "a": "x", "a/b": "x"}, {"a/model.py": "x", "a\\model.py": "y"}])
def test_invalid_names_are_refused_and_existing_files_stay(here: Course, inner: dict[str, str]) -> None:
    take(here, {"arkann_101_1_model.py": "one"})
    assert take(here, {"arkann_101_1_w.zip": zipped(inner)})[0].outcome == "refused"
    assert laid_out(here) == {"arkann-101/blobs/model.py": "one"}


def test_a_download_of_something_else_is_a_usage_error(here: Course) -> None:
    with pytest.raises(UsageError, match="no file in it is named as in a download of Canvas"):
        take(here, {"model.py": ""})
    for name, problem in (("bad.zip", "is not a whole zip file"), ("w.rar", "unpack it first")):
        (here.root / name).write_text("x")
        with pytest.raises(UsageError, match=problem):
            take(here, here.root / name)


def test_the_latest_of_several_times_in_a_table_counts_with_a_note(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("Name,Submitted at\nAnn Ark,2026-02-03T10:00Z\nAnn Ark,2026-01-30T10:00Z\n")
    table = read_table(tmp_path / "t.csv", ROSTER, {}, None)
    assert [line.moment for line in table.lines] == [datetime(2026, 2, 3, 10, tzinfo=UTC)]
    assert table.notes == ("Ann Ark (ann) has several lines: the latest time counts",)


def test_the_first_of_two_times_in_a_worksheet_is_the_hand_in_time(tmp_path: Path) -> None:
    line = 'P 501,Ann Ark,ok,"30 gener 2026, 10:15"'
    (tmp_path / "t.csv").write_text(f'#,Nom,Estat,"Darrera (X)","Darrera (Y)"\n{line},"31 gener 2026, 09:00"\n')
    (found,) = read_table(tmp_path / "t.csv", ROSTER, {"501": "ann"}, UTC).lines
    assert found.moment == datetime(2026, 1, 30, 10, 15, tzinfo=UTC)
    (tmp_path / "t.csv").write_text(f'#,Nom,Estat,"Darrera (Y)"\n{line}\n')
    with pytest.raises(UsageError, match="no column of hand-in times"):
        read_table(tmp_path / "t.csv", ROSTER, {"501": "ann"}, UTC)


# the command


@pytest.mark.line
def test_the_command_counts_everything_and_ends_with_1_if_one_was_refused(course: TemporaryCourse) -> None:
    path = course.root / "bulk.zip"
    path.write_bytes(zipped({"arkann_101_1_model.py": CENTROIDS, "bob_102_2_w.zip": b"x", ".DS_Store": "x"}))
    done = course.harness("import", "canvas", str(path))
    assert done.returncode == 1, done.stderr
    assert done.stdout.splitlines() == [
        "refused: bob: 'w.zip' is not a whole zip file (File is not a zip file)",
        "skipped: 1 made by the operating system",
        "imported: 1 new, 0 replaced, 0 unchanged, 1 refused, 1 member skipped",
    ]
    assert course.harness("import", "canvas", str(path), "--task", "blob").returncode == 2


@pytest.mark.line
def test_hand_in_times_are_read_from_the_table_of_a_system(course: TemporaryCourse) -> None:
    (course.root / "bulk.zip").write_bytes(zipped({"Participant_77_assignsubmission_file/model.py": CENTROIDS}))
    (course.root / "roster.csv").write_text("submission,name,email\nann,Ann Ark,ann@x.org\n")
    (course.root / "sheet.csv").write_text(
        'Identifier,"Full name","Email address",Status,Grade,"Maximum Grade","Last modified (submission)"\n'
        'Participant 77,Ann Ark,ann@x.org,Submitted,,10.00,"Friday, 30 January 2026, 10:15 AM"\n'
        'Participant 78,Bob B,bob@x.org,Submitted,,10.00,"Friday, 30 January 2026, 10:15 AM"\n'
    )
    (course.root / "gradebook.toml").write_text('timezone = "UTC"\n')
    done = course.harness("import", "moodle", "bulk.zip", "--roster", "roster.csv", "--table", "sheet.csv")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "line 3: 'Bob B bob@x.org Participant 78' is not in the roster" in done.stdout
    here = Course(course.root)
    digest = read_contents(course.root / "submissions/ann/blobs", here.task("blobs").limits).digest
    found = Times(here).newest(Person(submission="ann", name="Ann Ark", email="ann@x.org"), "blobs", digest)
    assert found.moment == datetime(2026, 1, 30, 10, 15, tzinfo=UTC)
    assert found.source == "the table sheet.csv"
    assert (
        "hand-in times: 1 from the table sheet.csv, column 'Last modified (submission)', 1 line refused" in done.stdout
    )


def test_the_newest_of_several_files_gives_the_hand_in_time() -> None:
    days = [datetime(2026, 1, day, tzinfo=UTC) for day in (2, 3, 1)]
    member = Member(PurePosixPath("model.py"), lambda most: b"")
    (owner,) = _owners([Upload(member=member, who="Ann", path=member.path, order=day.day, moment=day) for day in days])
    assert owner.hand_in(SYSTEMS["moodle"]).moment == max(days)
    assert owner.order == 3
