"""What a change touches, what is shown of it, and that nothing a student wrote gets out of its place."""

from __future__ import annotations

import json
import math
import re
import subprocess
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from harness.ci import (
    COMMENT_BYTES,
    Change,
    ChangePolicy,
    FileFinding,
    Former,
    Graded,
    Note,
    Place,
    Points,
    Problem,
    Range,
    Result,
    Touched,
    headline,
    notes_of,
    read_result,
    result_markdown,
    silenced,
    workflow_command,
)
from harness.ci._annotations import MOST
from harness.ci._change import (
    MOST_BYTES,
    MOST_DEPTH,
    MOST_FILES,
    MOST_FOLDERS,
    leftover_conflicts,
    read_change,
    safe_path,
)
from harness.ci._ci_result import ConfusedClasses, Lesson, LoggedQuantity, Teaching
from harness.ci._find import entries_of
from harness.ci._learned import Teacher
from harness.ci._read import MOST_BYTES as MOST_RESULT_BYTES
from harness.ci._repository import CommittedFile, FileChange, Repository
from harness.course import Course
from harness.data import Places
from harness.errors import InfrastructureError, UsageError
from harness.record import Evidence, Record
from harness.sandbox import Isolation, Level, _selection, find_sandbox_of_at_least
from tests.records import ACCURACY, RECORD, TWO_CLOUDS, changed, failing


def graded(record: Record = RECORD, **more: Any) -> Graded:
    given = {"reused": False, "renamed_from": None, "former": None, "place": None, "points": None} | more
    return Graded(record=record, **given)


def result(**more: Any) -> Result:
    given: dict[str, Any] = {
        "base": "b" * 40,
        "head": "a" * 40,
        "score_on": "validation",
        "isolation": "namespaces",
        "refused": False,
        "findings": (),
        "graded": (),
        "deleted": (),
        "problems": (),
    }
    return Result(**(given | more))


def found(message: str = "m", path: str = "p", severity: Any = "error", line: int | None = None) -> FileFinding:
    return FileFinding(severity=severity, path=path, line=line, message=message)


def entry(path: str, mode: str = "100644", size: int = 1) -> CommittedFile:
    return CommittedFile(path, mode, "0" * 40, size)


MODEL = "submissions/bob/blobs/model.py"
ALICE = "submissions/alice/blobs/model.py"


def read(
    changes: list[tuple[str | None, str | None]],
    before: list[CommittedFile],
    after: list[CommittedFile],
    policy: ChangePolicy | None = None,
) -> Change:
    return read_change(
        [FileChange(*one) for one in changes], before, after, {"blobs", "more"}, policy or ChangePolicy()
    )


def test_added_changed_and_deleted_submissions_are_distinguished() -> None:
    change = read(
        [(None, MODEL), (ALICE, ALICE), ("submissions/eve/blobs/model.py", None)],
        [entry(ALICE), entry("submissions/eve/blobs/model.py")],
        [entry(ALICE), entry(MODEL)],
    )
    assert change.touched == (
        Touched("alice", "blobs", "changed"),
        Touched("bob", "blobs", "added"),
        Touched("eve", "blobs", "deleted"),
    )
    assert not change.refused


@pytest.mark.parametrize(
    ("path", "problem"),
    [
        ("submissions/bob/model.py", "submissions/bob holds no task: put model.py into submissions/bob/<task>/"),
        ("submissions/bob/blob/model.py", "there is no task 'blob': did you mean 'blobs'"),
    ],
)
def test_a_model_outside_a_task_folder_is_reported_with_where_it_belongs(path: str, problem: str) -> None:
    (finding,) = read([(None, path)], [], [entry(path)]).findings
    assert finding.message.startswith(problem)


@pytest.mark.worker
def test_a_branch_that_only_the_remote_has_is_suggested(tmp_path: Path) -> None:
    who = ["-c", "user.name=a", "-c", "user.email=a@x.org"]
    commit = [*who, "commit", "-q", "--allow-empty", "-m", "x"]
    for arguments in (["init", "-qb", "work"], commit, ["update-ref", "refs/remotes/origin/main", "HEAD"]):
        subprocess.run(["git", "-C", str(tmp_path), *arguments], check=True)
    repository = Repository.of(tmp_path)
    with pytest.raises(UsageError, match="there is no commit 'main' here, but there is 'origin/main': did you mean"):
        repository.commit("main")
    with pytest.raises(UsageError, match="fetch it first"):
        repository.commit("other")


def test_a_file_moved_from_another_person_is_not_a_rename() -> None:
    old = "submissions/alice/blobs/extra.py"
    change = read([(old, MODEL)], [entry(old), entry(ALICE)], [entry(ALICE), entry(MODEL)])
    assert change.touched == (Touched("alice", "blobs", "changed"), Touched("bob", "blobs", "added"))


def test_a_submission_moved_to_another_task_is_new_there() -> None:
    new = "submissions/alice/more/model.py"
    change = read([(ALICE, new)], [entry(ALICE)], [entry(new)])
    assert change.touched == (Touched("alice", "blobs", "deleted"), Touched("alice", "more", "renamed", None))


def test_a_rename_counts_as_a_change_of_the_former_owners_files() -> None:
    change = read([(ALICE, MODEL)], [entry(ALICE)], [entry(MODEL)], ChangePolicy(author="bob"))
    assert [one.path for one in change.findings] == [ALICE]
    assert change.refused


def test_a_link_in_place_of_a_submission_folder_is_reported() -> None:
    change = read([(None, "submissions/bob")], [], [entry("submissions/bob", "120000")])
    assert [(one.path, one.severity) for one in change.findings] == [("submissions/bob", "error")]
    assert "a link instead of a folder" in change.findings[0].message
    assert change.refused


@pytest.mark.parametrize(
    ("path", "severity"),
    [
        ("submissions/bob/tasks/blobs/task.py", "error"),
        ("submissions/bob/other/tasks/blobs/task.py", "error"),
        ("submissions/bob/blobs/tasks/x/task.py", "warning"),
    ],
)
def test_a_course_in_a_submission_is_reported(path: str, severity: str) -> None:
    change = read([(None, MODEL), (None, path)], [], [entry(MODEL), entry(path)])
    assert [(one.path, one.severity) for one in change.findings] == [(path, severity)]
    assert change.touched == (Touched("bob", "blobs", "added"),)
    assert not change.refused


def test_a_link_in_place_of_a_task_folder_counts_as_added() -> None:
    change = read([(None, "submissions/bob/blobs")], [], [entry("submissions/bob/blobs", "120000")])
    assert change.touched == (Touched("bob", "blobs", "added"),)


def test_files_of_the_author_outside_of_tasks_are_ignored() -> None:
    path = "submissions/bob/notes/ideas.md"
    change = read([(None, path)], [], [entry(path)])
    assert (change.touched, change.findings) == ((), ())


TOO_MUCH = {
    "bytes": [entry(MODEL, size=MOST_BYTES), entry("submissions/bob/blobs/x", size=1)],
    "files": [entry(MODEL), *(entry(f"submissions/bob/blobs/{n}") for n in range(MOST_FILES))],
    "folders": [entry(MODEL), *(entry(f"submissions/bob/blobs/{n}/x") for n in range(MOST_FOLDERS))],
    "deep": [entry(MODEL), entry(f"submissions/bob/blobs/{'a/' * MOST_DEPTH}x")],
}


@pytest.mark.parametrize("what", TOO_MUCH)
def test_a_submission_over_a_limit_is_reported_and_never_read(what: str) -> None:
    other = "submissions/ann/blobs/model.py"
    change = read([(None, MODEL), (None, other)], [], [*TOO_MUCH[what], entry(other)])
    (finding,) = change.findings
    assert (finding.path, finding.severity) == ("submissions/bob/blobs", "error")
    assert what in finding.message
    assert [one.name for one in change.wanted] == ["ann"]
    assert {one.path for one in entries_of([*TOO_MUCH[what], entry(other)], change)} == {other}


@pytest.mark.parametrize("policy", [ChangePolicy(), ChangePolicy("report")])
@pytest.mark.parametrize("path", ["README.md", "/elsewhere", "submissions/bob/../../x", "submissions//blobs/x", ""])
def test_changes_outside_submissions_are_refused_or_reported(path: str, policy: ChangePolicy) -> None:
    change = read([(None, path)], [], [], policy)
    assert change.refused == (policy.outside == "refuse")
    assert [(one.path, one.severity) for one in change.findings] == [(path, "error" if change.refused else "warning")]


@given(st.lists(st.sampled_from(["..", ".", "", "a", ".git", ".GIT", "b.py"]), min_size=1))
def test_a_safe_path_stays_inside_its_folder(parts: list[str]) -> None:
    path = "/".join(parts)
    if safe_path(path):
        assert Path("/top", path).resolve().is_relative_to("/top")
        assert Path("/top", path) != Path("/top")
        assert ".git" not in [part.lower() for part in parts]


def test_conflict_markers_are_found_once_per_file_and_not_in_prose() -> None:
    text = b"a\n<<<<<<< HEAD\nb\n=======\nc\n>>>>>>> other\n"
    assert [(one.line, one.severity) for one in leftover_conflicts("x", text)] == [(2, "warning")]
    assert list(leftover_conflicts("x", b"=======\n    <<<<<<< HEAD\n<<<<<<<no\n")) == []


written = st.text(st.one_of(st.sampled_from("`|<>&[]()@#:%,\r\n!*_\\\0\x1b\u2028"), st.characters()))
IN_CODE = re.compile(r"`[^`\n]*`")


def outside_of_code(markdown: str) -> str:
    """Return what is left of markdown that GitHub would interpret."""
    blocks = re.sub(r"^(`{3,})text$.*?^\1$", "", markdown, flags=re.MULTILINE | re.DOTALL)
    return IN_CODE.sub("", blocks)


@given(written, written, written, written)
@example("k`", "`<b>` | x [y](z) @all", "```\n# end\n", "f`<i>")
def test_text_of_students_is_on_the_page_only_as_code(name: str, message: str, log: str, path: str) -> None:
    hostile = failing(message=message, log_tail=log, file=path, kind=name, phase=name)
    plain = failing(message="m", log_tail="l" if log.strip() else "", file="f", kind="k", phase="p")

    def page(record: Record, text: str, where: str) -> str:
        one = result(
            findings=(found(text, where),),
            graded=(graded(record, renamed_from=text, place=Place(low=1, high=2, of=2)),),
            deleted=(text,),
            problems=(Problem(name=text, task=text, message=text),),
        )
        return outside_of_code(result_markdown(one, COMMENT_BYTES)).replace("<br>", " ")

    hostile_page = page(hostile, message, path)
    for mark in "<>@[]!":
        assert mark not in hostile_page
    if name.strip() and message.strip() and path.strip():  # of nothing but blanks, nothing is shown
        assert re.sub(r"[\s-]+", " ", hostile_page) == re.sub(r"[\s-]+", " ", page(plain, "m", "p"))


@given(written, written, written)
@example("a,b:c%\n", "::error::\r\n", "100%\n::error::\u2028")
def test_each_annotation_is_one_workflow_command(path: str, title: str, message: str) -> None:
    line = workflow_command(Note("error", title, message, path, 3))
    assert len(line.splitlines()) == 1
    command, properties, *_ = line.removeprefix("::").split("::")[0].partition(" ")[0], line
    assert command == "error"
    assert len(line.removeprefix("::error ").split("::")[0].split(",")) == 3
    assert properties == line


def test_annotations_are_limited_and_say_how_many_are_left_out() -> None:
    many = tuple(found(str(number), severity=severity) for severity in ("error", "warning") for number in range(30))
    notes = notes_of(result(findings=many))
    for level in ("error", "warning"):
        shown = [note for note in notes if note.level == level]
        assert len(shown) == MOST + 1
        assert shown[-1].message == f"and {30 - MOST} more: see the summary"
    exact = notes_of(result(findings=many[:MOST]))
    assert len(exact) == MOST


def test_a_failure_is_annotated_at_the_students_line_in_any_course_folder() -> None:
    (note,) = notes_of(result(graded=(graded(failing()),)), "courses/one/")
    assert (note.path, note.line, note.level) == ("courses/one/submissions/bob/blobs/model.py", 7, "error")
    below = changed(status="below_baseline", baseline={"met": False, "value": 0.95})
    (note,) = notes_of(result(graded=(graded(below),)))
    assert (note.level, note.message) == ("warning", "accuracy 0.9000 does not meet the baseline 0.95")


def test_the_runner_ignores_commands_until_a_secret_token() -> None:
    said: list[str] = []
    with pytest.raises(KeyError), silenced({"GITHUB_ACTIONS": "true"}, said.append):
        raise KeyError
    word = said[0].removeprefix("::stop-commands::")
    assert said == [f"::stop-commands::{word}", f"::{word}::"]
    other: list[str] = []
    with silenced({"GITHUB_ACTIONS": "true"}, other.append):
        pass
    assert other[0] != said[0]
    with silenced({}, other.append):
        pass
    assert len(other) == 2


def test_the_table_shows_rank_points_and_the_earlier_score() -> None:
    former = Former(started="2026-11-21", score=msgspec.structs.replace(ACCURACY, value=0.85), p_value=0.3)
    page = result_markdown(
        result(
            graded=(
                graded(
                    former=former,
                    place=Place(low=1, high=2, of=3),
                    points=Points(earned=6, most=10),
                    renamed_from="robert",
                ),
            )
        ),
        COMMENT_BYTES,
    )
    (row,) = [line for line in page.splitlines() if line.startswith("| `bob`")]
    cells = [cell.strip().replace("\N{NO-BREAK SPACE}", " ") for cell in row.split("|")[1:-1]]
    assert cells == [
        "`bob` (was `robert`)<br>`blobs`",
        "✅ passed",
        "`accuracy`<br>0.9000 ± 0.0500",
        "0.8500 ± 0.0500<br>+0.0500 (p 0.3, cannot be told apart)",
        "≥ 0.8: met<br>(p 0.01)",
        "1–2 of 3",
        "6 of 10",
    ]
    assert "validation" in page.splitlines()[-1]


def test_sections_that_do_not_fit_are_left_out_whole_and_counted() -> None:
    loud = graded(failing(log_tail="x" * 4000))
    page = result_markdown(result(graded=(loud,) * 100), 20_000)
    assert len(page.encode()) <= 20_000
    assert re.search(r"^\d+ more parts do not fit here", page, re.MULTILINE)
    assert page.count("```text") * 2 == page.count("```")
    assert "Scores are on the validation part" in page.splitlines()[-1]


@pytest.mark.parametrize(
    ("more", "line", "good"),
    [
        ({}, "No submission to evaluate", True),
        ({"graded": (graded(),)}, "1 passed, 0 below baseline, 0 failed", True),
        ({"graded": (graded(failing()),)}, "0 passed, 0 below baseline, 1 failed", False),
        ({"refused": True, "findings": (found(),)}, "Refused: the change goes beyond a submission", False),
        ({"findings": (found(severity="warning"),)}, "No submission to evaluate", True),
        (
            {"problems": (Problem(name="a", task="b", message="c"),)},
            "0 passed, 0 below baseline, 0 failed, 1 could not be evaluated",
            False,
        ),
    ],
)
def test_the_headline_states_the_outcome(more: dict[str, Any], line: str, good: bool) -> None:
    assert headline(result(**more)) == line
    assert result(**more).good == good


COMMITS = Range("b" * 40, "b" * 40, "a" * 40)
CHANGE = Change((Touched("bob", "blobs", "changed"),), (), refused=False)


def write(path: Path, content: Result | bytes) -> Path:
    path.write_bytes(content if isinstance(content, bytes) else msgspec.json.encode(content))
    return path


def test_a_result_of_this_change_is_read(tmp_path: Path) -> None:
    whole = result(graded=(graded(),), findings=(found("forged"),))
    seen = read_result(write(tmp_path / "r", whole), COMMITS, CHANGE)
    assert seen.graded == whole.graded
    assert seen.findings == ()  # found anew


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (result(head="c" * 40, graded=(graded(),)), "another change"),
        (result(graded=(graded(changed(submission={"name": "eve"})),)), "another change"),
        (result(graded=(graded(), graded())), "another change"),
        (result(result_version=9), "version 9"),
        (b"{}", "cannot be read"),
        (b"\xff", "cannot be read"),
        (b"[" * 100_000, "cannot be read"),
        (b" " * (MOST_RESULT_BYTES + 1), "more than"),
    ],
    ids=range(8),
)
def test_what_is_not_a_result_of_this_change_shows_no_grade(tmp_path: Path, content: Result | bytes, says: str) -> None:
    seen = read_result(write(tmp_path / "r", content), COMMITS, CHANGE)
    assert seen.graded == ()
    assert says in seen.problems[0].message


def test_a_refused_change_shows_no_grade_whatever_its_result_says(tmp_path: Path) -> None:
    refused = replace(CHANGE, findings=(found(path=".github/workflows/grade.yml"),), refused=True)
    seen = read_result(write(tmp_path / "r", result(graded=(graded(),))), COMMITS, refused)
    assert (seen.graded, seen.refused, seen.findings) == ((), True, refused.findings)
    assert json.loads(msgspec.json.encode(seen))["refused"]


DECIDING = [
    ".github/workflows/grade.yml",
    "/.github/workflows/grade.yml",
    ".github/harness.txt",
    ".gitlab-ci.yml",
    "harness/ci/_run.py",
    "harness/notes.txt",
    "tasks/blobs/task.py",
    "tasks/blobs/README.md",
    "conftest.py",
    "pyproject.toml",
    "submissions/Bob/../../x",
]


@pytest.mark.parametrize("policy", [ChangePolicy(), ChangePolicy("report")])
def test_a_result_is_hidden_if_the_change_edits_what_produces_it(tmp_path: Path, policy: ChangePolicy) -> None:
    written = write(tmp_path / "r", result(graded=(graded(),)))
    seen = {
        path: read_result(written, COMMITS, read([(None, MODEL), (None, path)], [], [entry(MODEL)], policy))
        for path in DECIDING
    }
    assert [path for path, one in seen.items() if (one.graded, one.refused) != ((), True)] == []
    told = {
        path
        for path, one in seen.items()
        if any(path == finding.path and finding.severity == "error" for finding in one.findings)
    }
    assert told == set(DECIDING)


def test_a_change_of_the_readme_hides_no_result(tmp_path: Path) -> None:
    change = read([(None, MODEL), (None, "README.md")], [], [entry(MODEL)], ChangePolicy("report"))
    whole = result(graded=(graded(),))
    assert read_result(write(tmp_path / "r", whole), COMMITS, change).graded == whole.graded


def test_a_missing_result_is_reported(tmp_path: Path) -> None:
    assert "wrote no result" in read_result(tmp_path / "none", COMMITS, CHANGE).problems[0].message


def test_isolation_weaker_than_asked_for_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    weakest = SimpleNamespace(isolation=Isolation(Level.RLIMITS, "a double"), close=lambda: None)
    monkeypatch.setattr(_selection, "find_sandbox", lambda hidden, fork_servers, notify: weakest)
    with pytest.raises(InfrastructureError, match=r"expected at least landlock.*--isolation rlimits"):
        find_sandbox_of_at_least([], Level.LANDLOCK)
    assert find_sandbox_of_at_least([], Level.RLIMITS) is weakest


TEACHING = Teaching(
    lessons=(Lesson(code="over-fitting", seen="<b>Loss</b> rose | again.", advice="Stop *earlier*."),),
    logged=(LoggedQuantity(name="Loss | (train)", values=(1.0, 0.5, 0.0), first=1.0, last=0.0),),
    confused=(ConfusedClasses(true="`cat`", predicted="dog", count=3, of=10),),
)


def test_the_comment_has_findings_that_help_the_student() -> None:
    text = result_markdown(result(graded=(graded(teaching=TEACHING),)), COMMENT_BYTES)
    assert "- \\<b\\>Loss\\</b\\> rose \\| again\\. Stop \\*earlier\\*\\. (`over-fitting`)" in text
    assert "| `Loss ¦ (train)` | █▅▁      | 1       | 0      |" in text
    assert "| `'cat'`      | `dog`       | 3 of 10 |" in text
    hostile = graded(changed(RECORD, submission={"name": "@all</code><b>\n# x"}), teaching=TEACHING)
    assert "<code>@all&lt;/code&gt;&lt;b&gt; # x · blobs</code></summary>" in result_markdown(
        result(graded=(hostile,)), COMMENT_BYTES
    )
    assert "<details" not in result_markdown(result(graded=(graded(),)), COMMENT_BYTES)


def test_a_curve_is_a_diagram_and_its_name_cannot_inject_markup() -> None:
    name = 'Loss"]\n```\nclick %%{init}%%'
    curves = tuple(
        LoggedQuantity(name=f"{name} ({part})", values=values, first=1.0, last=values[-1])
        for part, values in (("train", (1.0, 0.5, 0.25)), ("validation", (1.0, 0.75, 0.8)))
    )
    text = result_markdown(result(graded=(graded(teaching=Teaching(logged=curves)),)), COMMENT_BYTES)
    diagram = text.split("```mermaid\n")[1].split("\n```\n")[0].split("\n")
    assert diagram[-4:] == [
        '  title "Loss click init: train in blue, validation in orange"',
        '  x-axis "from the first to the last report" 1 --> 3',
        "  line [1, 0.5, 0.25]",
        "  line [1, 0.75, 0.8]",
    ]


@pytest.mark.parametrize("values", [(math.nan, 1.0), (1.0, math.inf), (1.0,), ()])
def test_a_curve_with_values_that_are_not_finite_is_not_a_diagram(values: tuple[float, ...]) -> None:
    curve = LoggedQuantity(name="Loss (train)", values=values, first=1.0, last=1.0)
    text = result_markdown(result(graded=(graded(teaching=Teaching(logged=(curve,))),)), COMMENT_BYTES)
    assert "mermaid" not in text
    assert "| `Loss (train)` |" in text


def test_the_findings_of_a_result_hold_public_information_only(tmp_path: Path) -> None:
    curve = ({"loss": 1.0, "ann": 5.0}, {"loss": 0.9, "ann": 6.0}, {"loss": 0.95, "ann": 7.0})
    evidence = Evidence(predictions=np.array([0, 1, 0, 0]), curve=curve)
    record = changed(run={"evidence_digest": evidence.digest})
    (tmp_path / "tasks").mkdir()
    places = Places(root=None, cache=tmp_path, private=None, offline=True)
    task = TWO_CLOUDS.named("blobs")
    teacher = Teacher(Course(tmp_path), places)
    taught = teacher.teach(task, record, evidence)
    assert [one.name for one in taught.logged] == ["Loss (train)"]
    assert [one.code for one in taught.lessons] == ["under-fitting"]
    assert teacher.teach(task, record, None) == Teaching()
    assert teacher.teach(task, RECORD, evidence) == Teaching(), "of another run"
