"""`harness tasks`, `leaderboard`, `doctor` and `--help`."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from harness._version import __version__
from tests.conftest import TemporaryCourse

COMMANDS = ("evaluate", "tasks", "leaderboard", "doctor")


def test_help_lists_the_commands_and_the_exit_codes(course: TemporaryCourse) -> None:
    done = course.harness("--help")
    assert done.returncode == 0
    for words in (*COMMANDS, "0 all passed", "1 a submission failed", "2 usage", "3 infrastructure", "130 interrupted"):
        assert words in done.stdout


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(course: TemporaryCourse, command: str) -> None:
    done = course.harness(command, "-h")
    assert done.returncode == 0
    assert done.stdout.startswith(f"Usage: harness {command}")


def test_the_version_is_reported(course: TemporaryCourse) -> None:
    assert course.harness("--version").stdout == f"harness, version {__version__}\n"


@pytest.mark.parametrize("arguments", [["evalute"], ["--nonsense"], ["tasks", "shw"]])
def test_a_command_that_does_not_exist_is_a_usage_error(course: TemporaryCourse, arguments: list[str]) -> None:
    done = course.harness(*arguments)
    assert done.returncode == 2
    assert "No such" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.worker
def test_help_imports_neither_torch_nor_numpy() -> None:
    script = (
        "import sys\nsys.argv = ['harness', '--help']\nfrom harness.cli import main\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        "print(sorted({'torch', 'numpy', 'scipy', 'sklearn'} & set(sys.modules)), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stderr == "[]\n"


def test_tasks_are_listed_with_metric_and_baseline(course: TemporaryCourse) -> None:
    done = course.harness("tasks")
    assert done.returncode == 0
    (line,) = [line for line in done.stdout.splitlines() if line.startswith("blobs")]
    assert line.split() == ["blobs", "classification", "accuracy", "≥", "0.8", "(embedded)", "Three", "clouds"]
    assert done.stdout.splitlines()[-1].startswith("1 task")
    assert "For one task: harness tasks show blobs" in course.harness("tasks", "blobs").stderr


def test_a_baseline_is_shown_with_the_direction_that_is_better(course: TemporaryCourse) -> None:
    path = course.add_task()
    error = "metrics=(harness.Metric('error', harness.metrics.accuracy.compute, higher_is_better=False),),"
    path.write_text(path.read_text().replace("metrics=(harness.metrics.accuracy, harness.metrics.macro_f1),", error))
    assert "≤ 0.8 (embedded)" in " ".join(course.harness("tasks").stdout.split())
    assert "baseline     ≤ 0.8" in course.harness("tasks", "show", "blobs").stdout


def test_a_task_is_shown_with_its_sources_split_rules_and_limits(course: TemporaryCourse) -> None:
    course.add_task(limits="parameters=12_345", more="rules=(harness.rules.fully_connected_only,),")
    done = course.harness("tasks", "show", "blobs")
    assert done.returncode == 0
    for words in (
        "blobs: Three clouds",
        "left, right, top",
        "generated with seed 7",
        "135/45/120 (train/validation/test)",
        "no convolution and no attention",
        "parameters 12,345",
        "fit 300 s, save 60 s and load 60 s of CPU (three times as much in all)",
        "none needed",
    ):
        assert words in done.stdout


@pytest.mark.parametrize(
    ("limits", "shown"), [("low=0", "float32 in [0, ∞)"), ("high=1.5", "float32 in (-∞, 1.5]"), ("", "(2,) float32\n")]
)
def test_inputs_with_one_limit_or_none_are_shown(course: TemporaryCourse, limits: str, shown: str) -> None:
    path = course.add_task()
    text = path.read_text()
    declared = 'harness.Inputs(shape=(2,), dtype="float32", low=0, high=1)'
    assert declared in text
    path.write_text(text.replace(declared, f"harness.Inputs(shape=(2,), {limits})"))
    done = course.harness("tasks", "show", "blobs")
    assert shown in done.stdout, done.stderr


def test_a_misspelt_task_name_gets_a_suggestion(course: TemporaryCourse) -> None:
    done = course.harness("tasks", "show", "blob")
    assert done.returncode == 2
    assert "there is no task 'blob': did you mean 'blobs'? available: blobs" in done.stderr


BROKEN = {
    "syntax": ("x = 1\ndef (:\n", "SyntaxError", 2),
    "raises": ("x = 1\ny = x / 0\n", "ZeroDivisionError", 2),
    "no-task": ("x = 1\n", "found no TASK; expected TASK = harness.Task(…)", None),
    "not-a-task": ("TASK = 3\n", "found TASK = 3 (int); expected TASK = harness.Task(…)", None),
    "declaration": ("import harness\nharness.Limits(processes=0)\n", "Limits.processes: found 0", 2),
}


def test_a_broken_task_is_explained_and_hides_no_other(course: TemporaryCourse) -> None:
    for name, (text, _, _) in BROKEN.items():
        course.add_task(name, text=text)
    done = course.harness("tasks")
    assert done.returncode == 3, done.stdout
    assert "Traceback" not in done.stderr
    assert any(line.startswith("blobs") for line in done.stdout.splitlines())
    errors = {line.split()[2].rstrip(":"): line for line in done.stdout.splitlines() if line.startswith("error: task ")}
    assert sorted(errors) == sorted(BROKEN)
    for name, (_, says, line) in BROKEN.items():
        assert says in errors[name]
        assert f"{course.root}/tasks/{name}/task.py{'' if line is None else f':{line}'}" in errors[name]


def test_tasks_check_finds_mistakes_in_metrics_data_and_perturb(course: TemporaryCourse) -> None:
    good = course.add_task("nan").read_text()
    for name, old, new in (
        ("nan", "harness.metrics.macro_f1)", NAN_METRIC),
        ("none", "    return harness.Parts(train, validation, test)", "    harness.Parts(train, validation, test)"),
        ("shorter", "    return np.clip(point + generator.normal(0, 0.005, 2), 0, 1)", "    return point[:1]"),
    ):
        assert old in good
        course.add_task(name, text=good.replace(old, new))
    course.add_task("typo", text="import harness\nTASK = harness.Task(metric=())\n")
    (course.root / "tasks" / "empty").mkdir()
    (course.root / "tasks" / "Bad Name").mkdir()
    (course.root / "tasks" / "Bad Name" / "task.py").write_text("x = 1\n")
    done = course.harness("tasks", "check")
    assert done.returncode == 1, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    lines = {line.split(":")[0].split(maxsplit=1)[1]: line for line in done.stdout.splitlines() if "✗" in line}
    says = {
        "nan": "metric 'figure' returned nan on 120 items; expected a finite number",
        "none": "`load` of the embedded data returned None; expected harness.Parts",
        "shorter": "`perturb` returned float32 of shape (1,); expected numbers of shape (2,)",
        "typo": "an unexpected keyword argument 'metric': did you mean 'metrics'?",
        "Bad Name": "is not allowed",
    }
    assert sorted(lines) == sorted(says)
    for name, text in says.items():
        assert text in lines[name]
        assert name == "Bad Name" or f"tasks/{name}/task.py:" in lines[name]
    assert "✓ blobs: embedded data, perturb and metrics" in done.stdout
    assert done.stdout.splitlines()[-1] == "5 mistakes found"
    listed = course.harness("tasks")
    assert listed.returncode == 3
    assert "tasks/empty has no task.py" in listed.stdout
    assert course.harness("data", "list").returncode == 3


NAN_METRIC = "harness.Metric('figure', lambda t, p: float('nan'), higher_is_better=True))"


def test_a_task_that_exits_is_a_broken_one(course: TemporaryCourse) -> None:
    course.add_task("exits", text="import sys\nsys.exit(0)\n")
    done = course.harness("tasks")
    assert "blobs" in done.stdout
    assert done.returncode == 3
    assert "error: task exits" in done.stdout


def test_a_broken_task_stops_no_command_about_another(course: TemporaryCourse) -> None:
    course.add_task("broken", text="1 / 0")
    assert course.harness("tasks", "show", "blobs").returncode == 0
    assert course.harness("leaderboard").returncode == 0
    shown = course.harness("tasks", "show", "broken")
    assert shown.returncode == 3
    assert "task broken does not load: ZeroDivisionError" in shown.stderr
    assert "Traceback" not in shown.stderr


def test_an_empty_leaderboard_says_how_to_begin(course: TemporaryCourse) -> None:
    done = course.harness("leaderboard", "--show")
    assert done.returncode == 0
    assert "Nothing has been evaluated yet" in done.stdout
    assert "0 records in 0 groups" in done.stdout.splitlines()[-1]


def test_the_doctor_says_what_works_and_what_is_ready(course: TemporaryCourse) -> None:
    done = course.harness("doctor")
    assert done.returncode == 0, done.stdout
    assert f"harness {__version__}" in done.stdout
    assert "✓ numpy " in done.stdout
    assert "rlimits: rlimits, NOT SECURITY" in done.stdout
    assert str(course.root) in done.stdout
    assert done.stdout.splitlines()[-1].startswith("ready: isolation ")


@pytest.mark.thorough
def test_the_doctor_works_outside_a_course_and_explains_broken_tasks(course: TemporaryCourse) -> None:
    course.add_task("broken", text="1 / 0")
    inside = course.harness("doctor")
    assert inside.returncode == 0
    assert "✗ task broken does not load: ZeroDivisionError" in inside.stdout
    course.root = course.root.parent
    outside = course.harness("doctor")
    assert outside.returncode == 0
    (line,) = (line for line in outside.stdout.splitlines() if "is not inside a course" in line)
    assert line.startswith("  · ")  # there need not be one yet
    assert "to do: `harness new course FOLDER` starts a course" in outside.stdout


def test_item_analysis_and_the_table_of_all_tasks_are_shown(course: TemporaryCourse) -> None:
    nothing = course.harness("audit", "items", "--task", "blobs")
    assert nothing.stdout == "blobs: 0 models analysed; for instructors only\n"
    done = course.harness("leaderboard", "--course")
    assert done.returncode == 0
    assert "Nothing has been evaluated yet" in done.stdout
    assert course.harness("audit", "items", "--task", "nope").returncode == 2


@pytest.mark.worker
@pytest.mark.parametrize("command", [("evaluate", "submissions/bob"), ("new", "course", "mine")])
def test_a_command_run_in_a_removed_folder_names_that_folder(tmp_path: Path, command: tuple[str, ...]) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    script = f"import os, sys; os.rmdir({str(gone)!r}); from harness.cli import run; sys.exit(run({list(command)!r}))"
    done = subprocess.run(
        [sys.executable, "-P", "-c", script],
        cwd=gone, env=os.environ | {"PWD": str(gone)}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert done.stderr == f"error: the current folder {gone} was removed: cd to another one\n"
