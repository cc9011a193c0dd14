"""Bulk downloads as the platforms name them become submissions; what is dangerous becomes a line of the report."""

from __future__ import annotations

import io
import stat
import zipfile
from datetime import datetime
from pathlib import Path, PurePosixPath

import pytest

from harness.contract import UsageError
from harness.course import Course
from harness.evaluate import read_contents
from harness.grade import Person, Roster, Times
from harness.intake import Imported, canvas, import_archive, moodle
from harness.intake import _unpack as unpack
from harness.intake._import import rooted
from harness.intake._people import make_name
from harness.intake._unpack import Refused
from tests.conftest import CENTROIDS, TemporaryCourse

WHEN = (2026, 1, 31, 12, 30, 0)
ROSTER = Roster(
    (
        Person(submission="ann", name="Ann Ark", canvas_id="101"),
        Person(submission="bob", name="Böb van Berg"),
        Person(submission="team", name="Eve Eel"),
        Person(submission="team", name="Fay Fox"),
    )
)


def member(name: str, when: tuple[int, ...] = WHEN, mode: int = 0) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name, when)  # type: ignore[arg-type]
    info.external_attr = mode << 16
    return info


def zipped(files: dict[str, bytes | str]) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name, text in files.items():
            archive.writestr(member(name), text)
    return content.getvalue()


def archive_of(folder: Path, files: dict[str, bytes | str]) -> Path:
    path = folder / "bulk.zip"
    path.write_bytes(zipped(files))
    return path


@pytest.fixture
def here(course: TemporaryCourse) -> Course:
    return Course(course.root)


def take(here: Course, files: dict[str, bytes | str], parse=canvas, roster: Roster | None = None) -> list[Imported]:
    return list(import_archive(here, archive_of(here.root, files), parse, "blobs", roster))


def laid_out(here: Course) -> set[str]:
    folder = here.root / "submissions"
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


# names


@pytest.mark.parametrize(
    ("name", "who", "user", "path", "late"),
    [
        ("arkann_101_5001_model.py", "arkann", "101", "model.py", False),
        ("arkann_LATE_101_5001_model.py", "arkann", "101", "model.py", True),
        ("arkann_101_5001_model-2.py", "arkann", "101", "model.py", False),
        ("arkann_101_5001_my_work-1.zip", "arkann", "101", "my_work.zip", False),
        ("arkann_101_5001_notes-1.txt", "arkann", "101", "notes-1.txt", False),
        ("anon_aB3xY_5001_model.py", "anon_aB3xY", "anon_aB3xY", "model.py", False),
    ],
)
def test_canvas_names(name: str, who: str, user: str, path: str, late: bool) -> None:
    upload = canvas(name)
    assert upload is not None
    assert (upload.who, upload.user, str(upload.path), upload.late) == (who, user, path, late)


@pytest.mark.parametrize(
    ("name", "who", "path"),
    [
        ("Ann Ark_77_assignsubmission_file_/model.py", "Ann Ark", "model.py"),
        ("Ann Ark_77_assignsubmission_file/usps/model.py", "Ann Ark", "usps/model.py"),
        ("Ann Ark_77_assignsubmission_file_model.py", "Ann Ark", "model.py"),
        ("Team 1-Eve Eel_78_assignsubmission_file_/model.py", "Team 1-Eve Eel", "model.py"),
    ],
)
def test_moodle_names(name: str, who: str, path: str) -> None:
    upload = moodle(name)
    assert upload is not None
    assert (upload.who, str(upload.path)) == (who, path)


@pytest.mark.parametrize("name", ["model.py", "Ann Ark_77_assignsubmission_onlinetext_/onlinetext.html", "a_b.py"])
def test_other_names_are_no_uploads(name: str) -> None:
    assert moodle(name) is None
    assert canvas(name) is None


def test_names_are_made_of_what_is_allowed_and_told_apart() -> None:
    taken: dict[str, str] = {}
    assert make_name("Zoë O'Hara", "1", taken) == "zoe-o-hara"
    assert make_name("Zoe O Hara", "2", taken) == "zoe-o-hara-2"
    assert make_name("Zoe O Hara", "2", taken) == "zoe-o-hara-2"
    assert make_name("李", "3", taken) == "user-3"
    assert make_name("reference", "4", taken) == "reference-1"


# laying out


def test_plain_files_and_archives_are_laid_out_and_can_be_graded(here: Course, course: TemporaryCourse) -> None:
    packed = zipped({"work/blobs/model.py": CENTROIDS, "work/blobs/layers/a.py": "", "__MACOSX/work/._x": "x"})
    found = take(here, {"arkann_101_1_model.py": CENTROIDS, "bergbob_LATE_102_2_work.zip": packed})
    assert found == [
        Imported("arkann", "new", "arkann"),
        Imported("bergbob", "new", "bergbob", "late, says the download"),
    ]
    assert laid_out(here) == {"arkann/blobs/model.py", "bergbob/blobs/model.py", "bergbob/blobs/layers/a.py"}
    assert [one.name for one in here.submissions("submissions/arkann")] == ["arkann"]


def test_the_roster_says_whose_it_is(here: Course) -> None:
    found = take(
        here,
        {
            "x_101_1_model.py": "by number",
            "vanbergböb_102_2_model.py": "by name",
            "eelevehimself_103_3_model.py": "nobody",
        },
        roster=ROSTER,
    )
    assert [(one.outcome, one.submission) for one in found] == [("new", "ann"), ("new", "bob"), ("refused", "")]
    assert "not in the roster" in found[2].note


def test_a_group_has_one_submission_and_its_last_copy_counts(here: Course) -> None:
    path = here.root / "bulk.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(member("Team 1-Eve Eel_1_assignsubmission_file_/model.py"), "first")
        archive.writestr(member("Team 1-Fay Fox_2_assignsubmission_file_/model.py", (2026, 2, 1, 0, 0, 0)), "last")
    found = list(import_archive(here, path, moodle, "blobs", ROSTER))
    assert [(one.outcome, one.submission) for one in found] == [("new", "team"), ("replaced", "team")]
    assert (here.root / "submissions" / "team" / "blobs" / "model.py").read_text() == "last"


def test_of_two_copies_the_later_counts(here: Course) -> None:
    take(here, {"arkann_101_9_model-1.py": "late", "arkann_101_8_model.py": "early"})
    assert (here.root / "submissions" / "arkann" / "blobs" / "model.py").read_text() == "late"


def test_the_time_comes_from_the_archive_and_is_kept_where_students_cannot_write(here: Course) -> None:
    take(here, {"arkann_101_1_model.py": CENTROIDS, "arkann_101_2_.submitted": "2000-01-01T00:00"})
    folder = here.root / "submissions" / "arkann" / "blobs"
    digest = read_contents(folder, here.task("blobs").limits).digest
    assert Times(here).newest(Person(submission="arkann"), "blobs", digest) == datetime(*WHEN[:6]).astimezone()
    assert laid_out(here) == {"arkann/blobs/model.py"}


def test_importing_again_changes_nothing_and_a_new_version_replaces_the_old_one_which_is_kept(here: Course) -> None:
    take(here, {"arkann_101_1_model.py": "one"})
    assert [one.outcome for one in take(here, {"arkann_101_1_model.py": "one"})] == ["unchanged"]
    assert [one.outcome for one in take(here, {"arkann_101_2_model-1.py": "two"})] == ["replaced"]
    assert (here.root / "submissions" / "arkann" / "blobs" / "model.py").read_text() == "two"
    (kept,) = (here.private / "replaced" / "arkann").glob("blobs-*/model.py")
    assert kept.read_text() == "one"


def test_without_a_model_it_is_laid_out_for_the_grader_to_say_so(here: Course) -> None:
    assert take(here, {"arkann_101_1_notes.zip": zipped({"my/notes.txt": "x"})}) == [
        Imported("arkann", "new", "arkann", "no model.py in it")
    ]
    assert laid_out(here) == {"arkann/blobs/notes.txt"}


def paths(*names: str) -> dict[PurePosixPath, bytes]:
    return {PurePosixPath(name): b"" for name in names}


@pytest.mark.parametrize(
    ("names", "kept"),
    [
        (["model.py", "a/b.py"], ["model.py", "a/b.py"]),
        (["x/model.py", "x/b.py", "readme.txt"], ["model.py", "b.py"]),
        (["x/usps/model.py", "x/blobs/model.py"], ["model.py"]),
        (["x/model.py", "x/old/model.py"], ["model.py", "old/model.py"]),
        (["x/y/notes.txt", "x/y/z/more.txt"], ["notes.txt", "z/more.txt"]),
    ],
)
def test_the_folder_that_holds_the_model_is_found(names: list[str], kept: list[str]) -> None:
    assert sorted(map(str, rooted(paths(*names), "blobs"))) == sorted(kept)


def test_two_models_side_by_side_are_refused() -> None:
    with pytest.raises(Refused, match="2 folders hold a model"):
        rooted(paths("a/model.py", "b/model.py"), "blobs")


# what is dangerous


@pytest.mark.parametrize(
    "inner",
    ["../../../evil.py", "/etc/evil.py", "a/../../evil.py", "C:/evil.py", "a\\..\\evil.py"],
)
def test_a_path_that_leads_out_is_refused_and_stops_nobody_else(here: Course, inner: str) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        info = member("x")
        info.filename = inner
        archive.writestr(info, "evil")
    found = take(here, {"arkann_101_1_w.zip": packed.getvalue(), "bob_102_2_model.py": CENTROIDS})
    assert [one.outcome for one in found] == ["refused", "new"]
    assert "leads out of its folder" in found[0].note
    assert laid_out(here) == {"bob/blobs/model.py"}
    assert not list(here.root.parent.rglob("evil.py"))


def test_so_is_one_in_the_bulk_download_itself(here: Course) -> None:
    found = take(here, {"Ann Ark_77_assignsubmission_file_/../../../evil.py": "x"}, moodle)
    assert [one.outcome for one in found] == ["refused"]


def test_a_link_is_refused(here: Course) -> None:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr(member("model.py", mode=stat.S_IFLNK | 0o777), "/etc/passwd")
    (found,) = take(here, {"arkann_101_1_w.zip": content.getvalue()})
    assert "is no plain file" in found.note


def test_a_bomb_is_refused(here: Course, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unpack, "MOST_BYTES", 100_000)
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("model.py", bytes(1_000_000))
    (found,) = take(here, {"arkann_101_1_w.zip": content.getvalue()})
    assert "more than 100,000 bytes" in found.note


def test_archives_in_archives_end_somewhere(here: Course) -> None:
    content = zipped({"model.py": CENTROIDS})
    for _ in range(6):
        content = zipped({"w.zip": content})
    (found,) = take(here, {"arkann_101_1_w.zip": content})
    assert "archives within archives" in found.note


@pytest.mark.parametrize("content", [b"no zip", zipped({"model.py": CENTROIDS})[:-30]])
def test_a_broken_archive_is_refused(here: Course, content: bytes) -> None:
    (found,) = take(here, {"arkann_101_1_w.zip": content})
    assert "is no whole zip file" in found.note


def test_a_file_and_a_folder_of_one_name_are_refused_and_what_was_there_stays(here: Course) -> None:
    take(here, {"arkann_101_1_model.py": "one"})
    found = take(here, {"arkann_101_1_w.zip": zipped({"model.py": "x", "a": "x", "a/b": "x"})})
    assert found[0].outcome == "refused"
    assert laid_out(here) == {"arkann/blobs/model.py"}


def test_an_archive_of_something_else_is_a_usage_error(here: Course) -> None:
    with pytest.raises(UsageError, match="no file in it is named as"):
        take(here, {"model.py": ""})
    (here.root / "bad.zip").write_text("x")
    with pytest.raises(UsageError, match="is no zip file"):
        list(import_archive(here, here.root / "bad.zip", canvas, "blobs", None))


# the command


def test_the_command_tells_what_it_did_and_1_where_somebody_was_refused(course: TemporaryCourse) -> None:
    path = archive_of(course.root, {"arkann_101_1_model.py": CENTROIDS, "bob_102_2_w.zip": b"x"})
    done = course.harness("import", "canvas", str(path))
    assert done.returncode == 1, done.stderr
    assert done.stdout.splitlines()[-1] == "imported: 1 new, 0 replaced, 0 unchanged, 1 refused"
    assert "refused: bob: 'w.zip' is no whole zip file" in done.stdout
    assert course.harness("import", "canvas", str(path), "--task", "blob").returncode == 2
