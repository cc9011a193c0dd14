"""`harness grade` as an instructor runs it: what is done and why, what is kept, what survives which death."""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from tests.conftest import CENTROIDS, PATIENCE, TemporaryCourse

pytestmark = pytest.mark.user  # CI runs it as root and as an ordinary user

RAISES = CENTROIDS.replace("        return", "        raise RuntimeError('no\\x1b[2J')\n        return")
GUESSES = CENTROIDS.replace(".argmin(axis=1)", ".argmax(axis=1)")
SLEEPS = CENTROIDS.replace("        self.centres", "        import time; time.sleep(60)\n        self.centres")


def make_course(base: Path, **submissions: str) -> TemporaryCourse:
    course = TemporaryCourse.below(base)
    course.add_task(more="threads=1,")
    for name, model in submissions.items():
        course.submit(model, name=name)
    return course


def grade(course: TemporaryCourse, *options: str, code: int = 0) -> list[str]:
    done = course.harness("grade", "--data", "embedded", *options)
    assert done.returncode == code, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    return done.stdout.splitlines()


def times(course: TemporaryCourse) -> dict[str, str]:
    folder = course.root / "leaderboard" / "records" / "blobs"
    return {path.stem: json.loads(path.read_text())["run"]["started"] for path in folder.glob("*.json")}


@pytest.fixture(scope="module")
def graded(tmp_path_factory: pytest.TempPathFactory) -> tuple[TemporaryCourse, list[str]]:
    """Grade three at two jobs a time: one good, one that guesses, one that raises."""
    course = make_course(tmp_path_factory.mktemp("class"), ann=CENTROIDS, bob=GUESSES, eve=RAISES)
    return course, grade(course, "--jobs", "2")


@pytest.mark.line
def test_everybody_is_graded_and_the_exit_code_is_0_whatever_the_grades(
    graded: tuple[TemporaryCourse, list[str]],
) -> None:
    course, said = graded
    assert [course.record(name)["status"] for name in ("ann", "bob", "eve")] == ["passed", "below_baseline", "failed"]
    assert said[-1] == "graded: 3 of 3"


@pytest.mark.line
def test_the_plan_comes_first_failures_as_they_happen_and_a_table_last(
    graded: tuple[TemporaryCourse, list[str]],
) -> None:
    _, said = graded
    assert said[0] == "3 to evaluate (3 new), 0 kept"
    assert any("eve · blobs: failed (predict_error: RuntimeError: no" in line for line in said[1:-5])
    assert [line.split()[0] for line in said[-4:-1]] == ["ann", "bob", "eve"]


@pytest.mark.line
def test_the_leaderboard_names_everybody(graded: tuple[TemporaryCourse, list[str]]) -> None:
    with (graded[0].root / "leaderboard" / "leaderboard.csv").open(newline="") as file:
        assert sorted(row["submission"] for row in csv.DictReader(file)) == ["ann", "bob", "eve"]


@pytest.mark.line
def test_the_log_says_what_happened_to_each_submission(graded: tuple[TemporaryCourse, list[str]]) -> None:
    log = (graded[0].root / ".harness" / "grade" / "grade.log").read_text()
    assert "ann · blobs: started in process" in log
    assert "ann · blobs: fit" in log
    assert "ann · blobs: passed 1.0000" in log
    assert "eve · blobs: failed" in log
    assert "\x1b" not in log  # what a student wrote steers nobody's terminal


@pytest.mark.line
def test_a_record_states_how_long_it_waited_to_measure(graded: tuple[TemporaryCourse, list[str]]) -> None:
    phases = graded[0].record("ann")["run"]["phases"]
    assert phases["wait"] >= 0
    assert phases["measure"] > 0


@pytest.mark.line
def test_unchanged_submissions_are_kept_and_torch_is_not_loaded(graded: tuple[TemporaryCourse, list[str]]) -> None:
    course, _ = graded
    before = times(course)
    code = (
        "import sys, runpy; sys.argv = ['harness', 'grade', '--data', 'embedded']\n"
        "try: runpy.run_module('harness', run_name='__main__')\n"
        "except SystemExit as done: print(done.code, 'torch' in sys.modules, 'scipy' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=course.root,
        env=os.environ | course.environment,
        capture_output=True,
        text=True,
    )
    assert done.stdout.splitlines()[-1] == "0 False False", done.stderr
    assert done.stdout.splitlines()[-2] == "graded: 3 of 3, 3 of them kept"
    assert times(course) == before


@pytest.mark.line
def test_evaluate_reuses_the_records_of_grade(graded: tuple[TemporaryCourse, list[str]]) -> None:
    done = graded[0].harness("evaluate", "submissions/ann", "--data", "embedded")
    assert "unchanged, the record of" in done.stdout


@pytest.mark.line
def test_the_option_only_selects_submissions(graded: tuple[TemporaryCourse, list[str]]) -> None:
    course, _ = graded
    said = grade(course, "--only", "a*", "--only", "bob/blobs", "--dry-run", "--force")
    assert said[0] == "2 to evaluate (2 forced), 0 kept"
    assert sorted(line.split()[0] for line in said[1:]) == ["ann", "bob"]
    done = course.harness("grade", "--data", "embedded", "--only", "anna")
    assert done.returncode == 2
    assert "did you mean 'ann'" in done.stderr


@pytest.fixture
def class_of_one(graded: tuple[TemporaryCourse, list[str]], tmp_path: Path) -> Iterator[TemporaryCourse]:
    """The graded course, put back afterwards as it was."""
    course, _ = graded
    model = course.root / "submissions" / "ann" / "blobs" / "model.py"
    task = course.root / "tasks" / "blobs" / "task.py"
    record = course.root / "leaderboard" / "records" / "blobs" / "ann.json"
    kept = {path: path.read_bytes() for path in (model, task, record)}
    yield course
    for path, content in kept.items():
        path.write_bytes(content)


def reason(course: TemporaryCourse, *options: str) -> str:
    said = grade(course, "--dry-run", "--only", "ann", *options)
    return said[1].partition(": ")[2] if len(said) > 1 else said[0]


@pytest.mark.line
def test_the_plan_gives_the_reason_for_each_evaluation(class_of_one: TemporaryCourse) -> None:
    course = class_of_one
    model = course.root / "submissions" / "ann" / "blobs" / "model.py"
    task = course.root / "tasks" / "blobs" / "task.py"
    record = course.root / "leaderboard" / "records" / "blobs" / "ann.json"
    assert reason(course) == "0 to evaluate, 1 kept"
    assert reason(course, "--seed", "1") == "other settings"
    whole = json.loads(record.read_text())
    for part, value, why in [
        ("harness_version", "0.0.0", "changed harness"),
        ("packages", {"numpy": "1.0"}, "changed environment"),
        ("isolation", {"level": "rlimits", "detail": ""}, "weaker isolation"),
    ]:
        record.write_text(json.dumps(whole | {"run": whole["run"] | {"id": "x", part: value}}))
        assert reason(course) == why
    record.write_text("{")
    assert reason(course) == "unreadable record"
    record.write_text(json.dumps(whole))
    content = task.read_text()
    task.write_text(content.replace("PCG64(7)", "PCG64(8)"))
    assert reason(course) == "changed task"
    task.write_text(content)
    model.write_text(model.read_text() + "\n")
    assert reason(course) == "changed submission"


@pytest.mark.line
def test_a_folder_that_cannot_be_graded_stops_no_other_and_is_named(class_of_one: TemporaryCourse) -> None:
    folder = class_of_one.root / "submissions" / "Mallory"
    folder.mkdir()
    try:
        said = grade(class_of_one, code=3)
    finally:
        folder.rmdir()
    assert said[-1] == "graded: 3 of 3, 3 of them kept; 1 folder left out"
    assert any("submissions/Mallory" in line and "lower-case" in line for line in said)


@pytest.mark.line
def test_embedded_data_is_graded_on_only_where_it_is_asked_for(graded: tuple[TemporaryCourse, list[str]]) -> None:
    done = graded[0].harness("grade")
    assert done.returncode == 3
    assert "--data embedded" in done.stdout
    assert done.stdout.splitlines()[-1].startswith("graded: 0 of 0; 1 task or submission cannot be graded")


@pytest.mark.thorough
@pytest.mark.line
def test_shipped_weights_are_used_only_where_the_task_says_so(tmp_path: Path) -> None:
    course = make_course(tmp_path, ann=CENTROIDS)
    weights = course.root / "submissions" / "ann" / "blobs" / "weights"
    weights.mkdir()
    (weights / "old.npy").write_bytes(b"no array")
    grade(course)
    assert course.record("ann")["submission"]["mode"] == "trained"
    course.add_task(more="threads=1, weights='allowed',")
    said = grade(course)
    assert said[0] == "1 to evaluate (1 changed task), 0 kept"
    assert course.record("ann")["submission"]["mode"] == "loaded"


@pytest.mark.thorough
@pytest.mark.line
def test_references_are_graded_with_what_they_share(tmp_path: Path) -> None:
    course = make_course(tmp_path)
    shared = course.root / "reference" / "_shared"
    shared.mkdir(parents=True)
    (shared / "__init__.py").write_text("CLASSES = 3\n")
    course.submit("from _shared import CLASSES\n" + CENTROIDS, name="staff", base="reference")
    assert grade(course, "reference")[-1] == "graded: 1 of 1"
    assert course.record("reference/staff")["status"] == "passed"
    assert grade(course, "reference")[-1] == "graded: 1 of 1, 1 of them kept"


# deaths


@contextmanager
def running(course: TemporaryCourse, *options: str) -> Iterator[subprocess.Popen[str]]:
    """Start a grading run in the background; whatever happens it is gone afterwards."""
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", "harness", "grade", "--data", "embedded", *options],
        cwd=course.root,
        env=os.environ | course.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def until(condition: Callable[[], object], seconds: float = PATIENCE) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it never happened"
        time.sleep(0.05)


def in_phase(course: TemporaryCourse, line: str) -> Callable[[], bool]:
    log = course.root / ".harness" / "grade" / "grade.log"
    return lambda: log.exists() and line in log.read_text()


def runners(process: subprocess.Popen[str]) -> list[psutil.Process]:
    return [child for child in psutil.Process(process.pid).children() if "harness.grading" in child.cmdline()]


def leftovers(course: TemporaryCourse) -> list[str]:
    """Name the processes that still know of the course."""
    return [
        " ".join(process.info["cmdline"])
        for process in psutil.process_iter(["cmdline"])
        if str(course.root) in " ".join(process.info["cmdline"] or [])
    ]


@pytest.fixture
def slow_course(tmp_path: Path) -> TemporaryCourse:
    return make_course(tmp_path, ann=CENTROIDS, bob=SLEEPS)


@pytest.mark.thorough
@pytest.mark.line
def test_a_killed_runner_loses_only_its_job_which_is_tried_again(tmp_path: Path) -> None:
    course = make_course(tmp_path, ann=SLEEPS, bob=CENTROIDS)
    with running(course, "--jobs", "1") as process:
        until(in_phase(course, "ann · blobs: fit"))
        course.submit(CENTROIDS, name="ann")
        for runner in runners(process):
            runner.kill()
        said = process.communicate(timeout=PATIENCE)[0]
    assert process.returncode == 0, said
    assert "ann · blobs: not graded, will be tried again: its process was killed by SIGKILL" in said
    assert course.record("ann")["status"] == course.record("bob")["status"] == "passed"
    assert leftovers(course) == []


@pytest.mark.thorough
@pytest.mark.line
def test_a_killed_grader_leaves_nothing_running_and_the_next_goes_on(slow_course: TemporaryCourse) -> None:
    with running(slow_course, "--jobs", "1") as process:
        until(in_phase(slow_course, "bob · blobs: fit"))
        process.kill()
        process.wait()
        until(lambda: not leftovers(slow_course))
    kept = times(slow_course)
    assert set(kept) == {"ann"}
    slow_course.submit(GUESSES, name="bob")
    said = grade(slow_course)
    assert said[0] == "1 to evaluate (1 new), 1 kept"
    assert said[-1] == "graded: 2 of 2, 1 of them kept"
    assert times(slow_course)["ann"] == kept["ann"]
    assert not list((slow_course.root / "leaderboard").rglob("*.history.jsonl"))


@pytest.mark.thorough
@pytest.mark.line
def test_ctrl_c_is_clean(slow_course: TemporaryCourse) -> None:
    with running(slow_course, "--jobs", "1") as process:
        until(in_phase(slow_course, "bob · blobs: fit"))
        process.send_signal(signal.SIGINT)
        said = process.communicate(timeout=PATIENCE)[0]
    assert process.returncode == 130, said
    assert said.splitlines()[-1].startswith("interrupted: nothing is left running")
    assert leftovers(slow_course) == []
    assert set(times(slow_course)) == {"ann"}


@pytest.mark.line
def test_two_grade_commands_do_not_run_at_once_in_a_course(slow_course: TemporaryCourse) -> None:
    with running(slow_course, "--jobs", "1"):
        until(in_phase(slow_course, "bob · blobs: fit"))
        done = slow_course.harness("grade", "--data", "embedded")
    assert done.returncode == 3
    assert "another `harness grade` is running on" in done.stderr


@pytest.mark.thorough
@pytest.mark.line
def test_a_job_that_failed_twice_by_our_fault_is_tried_in_the_next_run(tmp_path: Path) -> None:
    course = make_course(tmp_path, ann=SLEEPS)
    log = course.root / ".harness" / "grade" / "grade.log"
    with running(course) as process:
        for attempt in (1, 2):
            until(lambda attempt=attempt: log.exists() and log.read_text().count("ann · blobs: fit") == attempt)
            for runner in runners(process):
                runner.kill()
        said = process.communicate(timeout=PATIENCE)[0]
    assert process.returncode == 3, said
    assert said.splitlines()[-1] == (
        "graded: 0 of 1; 1 failed by the infrastructure (run the same command again); 1 not graded, and blank in every "
        "export"
    )
    assert grade(course, "--dry-run")[0] == "1 to evaluate (1 not graded before), 0 kept"
    course.submit(CENTROIDS, name="ann")
    assert grade(course)[-1] == "graded: 1 of 1"
    assert (course.root / ".harness" / "grade" / "problems.json").read_text().strip() == "{}"


@pytest.mark.thorough
@pytest.mark.line
def test_evidence_that_cannot_be_written_stops_the_run(tmp_path: Path) -> None:
    course = make_course(tmp_path, ann=CENTROIDS)
    in_the_way = course.root / ".harness" / "evidence"
    in_the_way.parent.mkdir()
    in_the_way.touch()
    done = course.harness("grade", "--data", "embedded")
    assert done.returncode == 3
    assert "Traceback" not in done.stderr
    assert not (course.root / "leaderboard" / "records").exists()
    assert leftovers(course) == []
    in_the_way.unlink()
    assert grade(course)[-1] == "graded: 1 of 1"


# the gradebook


@pytest.mark.line
def test_a_regrade_prints_which_grades_change_and_why(tmp_path: Path) -> None:
    course = make_course(tmp_path, ann=CENTROIDS)
    course.add_task(more="threads=1, points=((0.5, 0.0), (1.0, 10.0)),")
    roster = course.root / "roster.csv"
    roster.write_text("submission,name,email,alias\nann,Ann Ark,ann@x.org,red-fox\n")
    options = ("--roster", str(roster))
    first = grade(course, *options)
    assert not any(" changed:" in line for line in first)
    course.submit(GUESSES, name="ann")
    said = grade(course, *options)
    assert "1 grade changed:" in said
    assert any("  Ann Ark · blobs: 10 → 0 (changed submission; score 0" in line for line in said)
    board = (course.root / "leaderboard" / "README.md").read_text()
    assert "red-fox" in board
    assert "ann" not in board.split()
    with (course.root / ".harness" / "gradebook.csv").open(newline="") as file:
        (row,) = csv.DictReader(file)
    assert (row["name"], row["final"], row["maximum"]) == ("Ann Ark", "0.0", "10.0")


@pytest.mark.line
def test_the_exports_come_from_the_same_gradebook(graded: tuple[TemporaryCourse, list[str]], tmp_path: Path) -> None:
    course, _ = graded
    path = tmp_path / "out.csv"
    done = course.harness("export", "csv", "-o", str(path))
    assert done.returncode == 0, done.stderr
    with path.open(newline="") as file:
        rows = {row["submission"]: row for row in csv.DictReader(file)}
    assert {name: row["status"] for name, row in rows.items()} == {
        "ann": "passed",
        "bob": "below_baseline",
        "eve": "failed",
    }
    done = course.harness("export", "moodle", "--task", "blobs")
    assert done.returncode == 2
    assert "task blobs declares no points" in done.stderr


@pytest.mark.worker
def test_a_late_submission_is_known_by_its_commit(tmp_path: Path) -> None:
    course = make_course(tmp_path, ann=CENTROIDS)
    course.add_task(more="threads=1, points=((0.5, 0.0), (1.0, 10.0)),")
    (course.root / "gradebook.toml").write_text("[late]\nfactor = 0.5\n")
    when = os.environ | {"GIT_COMMITTER_DATE": "2026-02-02T12:00:00Z", "GIT_AUTHOR_DATE": "2026-02-01T12:00:00Z"}
    who = ["-c", "user.name=a", "-c", "user.email=a@x.org"]
    for arguments in (["init", "-q"], ["add", "submissions"], [*who, "commit", "-qm", "hand in"]):
        subprocess.run(["git", *arguments], cwd=course.root, env=when, check=True)
    grade(course, "--deadline", "2026-02-01T00:00:00+00:00")
    with (course.root / ".harness" / "gradebook.csv").open(newline="") as file:
        (row,) = csv.DictReader(file)
    assert (row["days_late"], row["final"]) == ("1", "5.0")
    assert row["source"].startswith("git: commit ")


@pytest.mark.line
def test_new_cut_offs_make_new_grades_and_train_nothing(tmp_path: Path) -> None:
    course = make_course(tmp_path, ann=CENTROIDS)
    course.add_task(more="threads=1, points=((0.5, 0.0), (1.0, 10.0)),")
    grade(course)
    before = times(course)
    course.add_task(more="threads=1, points=((0.5, 0.0), (1.0, 20.0)),")
    said = grade(course)
    assert said[0] == "0 to evaluate, 1 kept"
    assert any("(other cut-offs: 20 points for the same score, were 10)" in line for line in said)
    assert times(course) == before


@pytest.mark.line
def test_what_cannot_be_graded_is_not_a_zero_and_stops_nothing_else(tmp_path: Path) -> None:
    course = make_course(tmp_path, ann=CENTROIDS, bob=CENTROIDS)
    course.add_task(more="threads=1, points=((0.5, 0.0), (1.0, 10.0)),")
    course.add_task("broken", text="TASK = 1\n")
    course.submit(name="bob", task="broken")
    course.submit(name="ann", task="lastyear")
    (course.root / "tasks" / "Odd Name").mkdir()
    (course.root / "tasks" / "Odd Name" / "task.py").write_text("TASK = 1\n")
    (course.root / "roster.csv").write_text("submission,name,canvas_id\nann,Ann,1\nbob,Bob,2\n")
    said = grade(course, "--roster", "roster.csv", "--deadline", "2026-01-01T00:00Z", code=3)
    assert any("submissions/ann/lastyear" in line and "there is no task 'lastyear'" in line for line in said)
    assert said[-1] == (
        "graded: 2 of 2; 1 task or submission cannot be graded; 1 folder left out; "
        "1 not graded, and blank in every export"
    )
    with (course.root / ".harness" / "gradebook.csv").open(newline="") as file:
        rows = {(row["submission"], row["task"]): (row["status"], row["final"]) for row in csv.DictReader(file)}
    assert rows["bob", "broken"] == ("not graded", "")
    assert rows["ann", "blobs"] == rows["bob", "blobs"] == ("passed", "10.0")
    done = course.harness("export", "canvas", "--task", "broken", "--roster", "roster.csv", "--assignment", "B (1)")
    assert done.returncode == 2
    assert "declares no points" in done.stderr


@pytest.mark.thorough
@pytest.mark.line
def test_a_member_of_a_group_that_the_roster_does_not_know_is_not_a_zero(tmp_path: Path) -> None:
    course = make_course(tmp_path, ann=CENTROIDS)
    (course.root / "roster.csv").write_text("submission,name,canvas_id\nann,Ann Ark,1\nbob,Bob Byk,2\ncy,Cy Cox,3\n")
    times = "user_id,submitted_at\n1,2025-12-30T10:00:00Z\n2,2025-12-30T10:00:00Z\n3,\n"
    (course.root / "times.csv").write_text(times)
    done = course.harness("import", "times", "times.csv", "--task", "blobs", "--roster", "roster.csv")
    assert done.returncode == 0, done.stdout + done.stderr
    said = grade(course, "--roster", "roster.csv", "--deadline", "2026-01-01T00:00Z", code=3)
    assert any(
        line.startswith("warning: Bob Byk (bob) · blobs is not graded: the table times.csv says") for line in said
    )
    assert said[-1] == "graded: 1 of 1; 1 not graded, and blank in every export"
    (course.root / "adjustments.csv").write_text("who,task,action,value,reason\nbob,blobs,set,0,nothing found\n")
    said = grade(course, "--roster", "roster.csv", "--deadline", "2026-01-01T00:00Z")
    assert any("Bob Byk" in line and "by hand 0" in line for line in said)


@pytest.mark.line
def test_a_misspelt_roster_is_reported_before_and_after_and_makes_no_zero(tmp_path: Path) -> None:
    course = make_course(tmp_path, ann=CENTROIDS)
    course.add_task(more="threads=1, points=((0.5, 0.0), (1.0, 10.0)),")
    (course.root / "roster.csv").write_text("submission,name,email\nanne,Ann Ark,ann@x.org\n")
    said = grade(course, "--roster", "roster.csv", "--deadline", "2026-01-01T00:00Z", code=3)
    told = "warning: the roster's Ann Ark (anne) has no submission: is it submissions/ann?"
    assert [line == told for line in said].count(True) == 2
    assert any(line.startswith("ann (not in the roster)  passed") for line in said)
    done = course.harness("export", "moodle", "--task", "blobs", "--maximum", "10", "--roster", "roster.csv")
    assert "0 grades; 1 not graded, left blank" in done.stdout


@pytest.mark.thorough
@pytest.mark.line
def test_without_the_private_part_grades_need_an_explicit_option(tmp_path: Path) -> None:
    course = make_course(tmp_path, ann=CENTROIDS)
    course.add_task(more="threads=1, points=((0.5, 0.0), (1.0, 10.0)), private_test=True,")
    said = grade(course, code=3)
    assert any("scores are on validation, and they make no grades without --count-validation" in line for line in said)
    assert said[-1].endswith("1 not graded, and blank in every export")
    assert grade(course, "--count-validation")[-1] == "graded: 1 of 1, 1 of them kept"


NEVER_ENDS = CENTROIDS.replace("        self.centres", "        while True: pass\n        self.centres")


@pytest.mark.thorough
@pytest.mark.line
@pytest.mark.skipif((os.cpu_count() or 1) < 2, reason="one job at a time")
def test_no_job_waits_for_anothers_fit_and_a_killed_run_keeps_results(tmp_path: Path) -> None:
    """`abe` comes first and never ends: whoever is timed beside it has it paused."""
    course = make_course(tmp_path, abe=NEVER_ENDS, ann=CENTROIDS, bob=GUESSES, eve=RAISES)
    course.add_task(more="threads=1,", limits="fit_cpu_seconds=3600")
    with running(course, "--jobs", "2"):
        until(in_phase(course, "abe · blobs: fit"))
        until(lambda: len(times(course)) == 3)
    assert {name: course.record(name)["status"] for name in times(course)} == {
        "ann": "passed",
        "bob": "below_baseline",
        "eve": "failed",
    }
    assert course.record("ann")["cost"]["latency"]["n"] >= 64
    said = grade(course, "--dry-run")
    assert said[0].endswith("3 kept")
    until(lambda: leftovers(course) == [])
