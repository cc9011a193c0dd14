"""Gradescope: the bundle in a scratch root laid out like ``/autograder``, and what it writes."""

from __future__ import annotations

import functools
import http.server
import json
import os
import shutil
import subprocess
import sys
import threading
import zipfile
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from harness.lms import Refused
from harness.lms.gradescope import (
    Leader,
    Results,
    results_json,
    results_of,
    results_of_problem,
    results_of_refusal,
)
from harness.lms.gradescope_bundle import _copy_source as copy_source
from harness.lms.gradescope_bundle import build_wheel
from harness.lms.gradescope_run import _work_in as work_in
from harness.record import Latency
from tests.conftest import CENTROIDS, REPOSITORY, TemporaryCourse
from tests.records import changed, failing
from tests.tools import shellcheck

LATENCY = Latency(
    batch=1,
    n=64,
    p50_seconds=1e-4,
    net_p50_seconds=5e-5,
    p90_bound_seconds=None,
    iqr_ratio=0.1,
    noisy=False,
    channel_seconds=1e-5,
    ratio_to_yardstick=0.5,
)


@functools.cache
def schema() -> Any:
    from jsonschema import Draft202012Validator

    return Draft202012Validator(json.loads(Path(__file__).with_name("results.schema.json").read_text()))


def read(results: Results) -> dict[str, Any]:
    plain = json.loads(results_json(results))
    schema().validate(plain)
    return plain


def test_a_score_on_validation_is_visible_at_once() -> None:
    plain = read(results_of(changed(cost={"parameters": 12, "latency": LATENCY}), 0.8, 10))
    assert (plain["score"], plain["execution_time"], plain["visibility"]) == (8, 3, "visible")
    assert {test["visibility"] for test in plain["tests"]} == {"visible"}
    assert {test["status"] for test in plain["tests"]} == {"passed"}
    assert plain["leaderboard"] == [
        {"name": "accuracy", "value": 0.9, "order": "desc"},
        {"name": "parameters", "value": 12, "order": "asc"},
        {"name": "latency / yardstick", "value": 0.5, "order": "asc"},
    ]
    assert "accuracy: 0.9000" in plain["output"]
    assert plain["stdout_visibility"] == "hidden"


def test_a_score_on_test_is_hidden_until_grades_are_published() -> None:
    plain = read(results_of(changed(task={"scored_on": "test"}, cost={"parameters": 12}), 0.8, 10))
    assert plain["visibility"] == "after_published"
    waiting = [test["name"] for test in plain["tests"] if test["visibility"] == "after_published"]
    assert waiting == ["beats baseline"]
    assert [leader["name"] for leader in plain["leaderboard"]] == ["parameters"]
    assert "0.9" not in plain["output"]
    assert not [test for test in plain["tests"] if test["visibility"] == "visible" and "0.9" in test["output"]]


def test_a_failure_is_reported_with_its_place_and_is_not_ranked() -> None:
    plain = read(results_of(failing(log_tail="last\x1b[31m words"), 0, 10))
    assert plain["score"] == 0
    assert plain["leaderboard"] == []
    assert "fit_error in fit (submissions/bob/blobs/model.py:7): no" in plain["output"]
    assert "last\\x1b[31m words" in plain["output"]
    assert [test["name"] for test in plain["tests"] if test["status"] == "passed"] == ["loads"]


@given(st.text(), st.text())
@example("\x1b[31m<b>", "\x1b]0;x\x07")
def test_any_message_becomes_plain_text_in_valid_json(message: str, log: str) -> None:
    plain = read(results_of(failing(message=message, log_tail=log * 100), 0, 10))
    assert plain["output_format"] == "text"
    assert {test["output_format"] for test in plain["tests"]} == {"text"}
    assert "\x1b" not in plain["output"]
    read(results_of_problem(message))


@pytest.mark.parametrize("number", [float("nan"), float("inf")])
def test_numbers_that_json_does_not_have_are_not_written(number: float) -> None:
    with pytest.raises(ValueError, match="cannot express all of"):
        results_json(
            Results(score=0, execution_time=0, output="", leaderboard=(Leader(name="a", value=number, order="asc"),))
        )


@dataclass
class Autograder:
    """A scratch ``/autograder``, with the interpreter of these tests in the place of its virtual environment."""

    root: Path

    def hand_in(self, model: str, path: str = "model.py") -> None:
        shutil.rmtree(self.root / "submission", ignore_errors=True)
        (self.root / "submission" / path).parent.mkdir(parents=True)
        (self.root / "submission" / path).write_text(model)

    def run(self) -> dict[str, Any]:
        done = subprocess.run(
            [self.root / "source" / "run_autograder"],
            cwd=self.root,
            env=os.environ | {"AUTOGRADER": str(self.root), "PYTHONPATH": str(REPOSITORY)},
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        plain = json.loads((self.root / "results" / "results.json").read_text())
        schema().validate(plain)
        return plain

    def interpreter(self, script: str) -> None:
        path = self.root / "venv" / "bin" / "python"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"#!/bin/bash\n{script}\n")
        path.chmod(0o755)


@pytest.fixture
def bundle(course: TemporaryCourse, tmp_path: Path) -> Path:
    """The bundle of ``blobs``, with points; the wheel's bytes do not matter here."""
    task = course.add_task(more="points=CUT_OFFS,")
    task.write_text(task.read_text().replace("import harness", "import harness\nfrom .._shared import CUT_OFFS"))
    (task.parents[1] / "_shared").mkdir()
    (task.parents[1] / "_shared" / "__init__.py").write_text("CUT_OFFS = ((0.5, 0), (0.9, 8), (1.0, 10))\n")
    course.add_task("other")
    (tmp_path / "harness-0-py3-none-any.whl").write_bytes(b"wheel")
    done = course.harness(
        *("export", "gradescope", "--task", "blobs", "--data", "embedded"),
        *("--wheel", str(tmp_path / "harness-0-py3-none-any.whl"), "--output", str(tmp_path / "blobs.zip")),
    )
    assert done.returncode == 0, done.stderr
    return tmp_path / "blobs.zip"


@pytest.fixture
def autograder(bundle: Path, tmp_path: Path) -> Autograder:
    root = tmp_path / "autograder"
    (root / "source").mkdir(parents=True)
    with zipfile.ZipFile(bundle) as archive:
        for item in archive.infolist():
            path = Path(archive.extract(item, root / "source"))
            path.chmod(item.external_attr >> 16 & 0o777)
    metadata = {
        "id": 1,
        "users": [{"name": "=cmd()", "email": "a@example.org"}],
        "assignment": {"total_points": "20.0"},
    }
    (root / "submission_metadata.json").write_text(json.dumps(metadata))
    temporary = Autograder(root)
    temporary.interpreter(f'exec {sys.executable} "$@"')
    return temporary


def test_the_bundle_holds_scripts_wheel_task_and_nothing_else(bundle: Path) -> None:
    names = {item.filename: item.external_attr >> 16 & 0o111 for item in zipfile.ZipFile(bundle).infolist()}
    assert set(names) == {
        "setup.sh",
        "run_autograder",
        "harness.json",
        "harness-0-py3-none-any.whl",
        "course/tasks/blobs/task.py",
        "course/tasks/_shared/__init__.py",
    }
    assert {name for name, executable in names.items() if executable} == {"setup.sh", "run_autograder"}


def test_a_submission_earns_points_and_a_broken_one_gets_the_reason(autograder: Autograder) -> None:
    autograder.hand_in(CENTROIDS)
    good = autograder.run()
    accuracy = good["leaderboard"][0]
    assert accuracy["name"] == "accuracy"
    earned = 8 + (accuracy["value"] - 0.9) / 0.1 * 2
    assert good["score"] == pytest.approx(earned / 10 * 20, abs=1e-3)
    assert {test["status"] for test in good["tests"]} == {"passed"}
    autograder.hand_in("raise RuntimeError('no')\n", "blobs/model.py")
    broken = autograder.run()
    assert broken["score"] == 0
    assert "invalid_submission in import" in broken["output"]
    assert "RuntimeError: no" in broken["output"]


@pytest.mark.thorough
def test_an_empty_submission_is_reported(autograder: Autograder) -> None:
    autograder.hand_in("text", "notes.txt")
    plain = autograder.run()
    assert plain["score"] == 0
    assert "model.py is missing" in plain["output"]


@pytest.mark.parametrize(
    "place", ["ada/blobs", "submissions/ada/blobs", "hw1", "repository/submissions/ada/blobs", "Blobs"]
)
def test_work_is_found_where_students_put_it(tmp_path: Path, place: str) -> None:
    (tmp_path / place).mkdir(parents=True)
    (tmp_path / place / "model.py").write_text("x")
    if "repository" in place:
        for other in ("reference/mlp/blobs", "tasks/blobs", ".git/hooks"):
            (tmp_path / "repository" / other).mkdir(parents=True)
            (tmp_path / "repository" / other / "model.py").write_text("y")
    assert work_in(tmp_path, "blobs") == tmp_path / place


@pytest.mark.parametrize("places", [("ada/blobs", "bob/blobs"), ("submissions/ada/blobs", "submissions/bob/blobs")])
def test_two_peoples_work_is_refused(tmp_path: Path, places: tuple[str, str]) -> None:
    for place in places:
        (tmp_path / place).mkdir(parents=True)
        (tmp_path / place / "model.py").write_text(place)
    with pytest.raises(Refused, match="2 folders hold a model"):
        work_in(tmp_path, "blobs")
    plain = read(results_of_refusal("2 folders hold a model.py"))
    assert (plain["score"], plain["output"]) == (0, "Nothing was graded: 2 folders hold a model.py.")


@pytest.mark.thorough
def test_a_linked_folder_is_not_followed(autograder: Autograder, tmp_path: Path) -> None:
    autograder.hand_in("text", "notes.txt")
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "model.py").write_text(CENTROIDS)
    (autograder.root / "submission" / "blobs").symlink_to(tmp_path / "other")
    assert autograder.run()["score"] == 0


def test_a_task_that_does_not_load_is_not_the_submissions_fault(autograder: Autograder) -> None:
    (autograder.root / "source" / "course" / "tasks" / "blobs" / "task.py").write_text("TASK = 1\n")
    autograder.hand_in(CENTROIDS)
    plain = autograder.run()
    assert "through no fault of the submission" in plain["output"]
    assert "found TASK = 1" in plain["output"]


@pytest.mark.parametrize("script", ["exit 1", "kill -9 $$"])
def test_results_are_written_even_if_the_grader_crashes(autograder: Autograder, script: str) -> None:
    autograder.hand_in(CENTROIDS)
    autograder.interpreter(script)
    assert "The grader itself failed" in autograder.run()["output"]


def test_preliminary_results_are_written_while_it_runs(autograder: Autograder) -> None:
    autograder.interpreter('cp "$AUTOGRADER/results/results.json" "$AUTOGRADER/early.json"')
    autograder.run()
    early = json.loads((autograder.root / "early.json").read_text())
    schema().validate(early)
    assert "was stopped before it was done" in early["output"]


@pytest.mark.thorough
def test_isolation_weaker_than_asked_for_gives_no_grade(autograder: Autograder) -> None:
    path = autograder.root / "source" / "harness.json"
    path.write_text(path.read_text().replace('"landlock"', '"namespaces+cgroup"'))
    autograder.hand_in(CENTROIDS)
    plain = autograder.run()
    if plain["score"]:
        pytest.skip("this machine offers the strongest isolation")
    assert "expected at least namespaces+cgroup" in plain["output"]


def test_setup_makes_an_environment_of_a_new_enough_python(autograder: Autograder, tmp_path: Path) -> None:
    doubles = tmp_path / "bin"
    doubles.mkdir()
    make = 'echo "$*" >>"$LOG"; mkdir -p "$4/bin"; cp "$PIP" "$4/bin/python"'
    for name, script in {
        "python3.13": "exit 1",
        "python3.12": f'case "$2" in -c) exit 0 ;; *) {make} ;; esac',
        "pip": 'echo "$*" >>"$LOG"',
    }.items():
        (doubles / name).write_text(f"#!/bin/bash\n{script}\n")
        (doubles / name).chmod(0o755)
    environment = {
        "AUTOGRADER": str(autograder.root),
        "PATH": f"{doubles}:{os.environ['PATH']}",
        "LOG": str(tmp_path / "log"),
        "PIP": str(doubles / "pip"),
    }
    subprocess.run([autograder.root / "source" / "setup.sh"], env=os.environ | environment, check=True)
    made, installed = (tmp_path / "log").read_text().splitlines()
    assert made == f"-I -m venv {autograder.root}/venv"
    assert installed == f"-I -m pip install --quiet {autograder.root}/source/harness-0-py3-none-any.whl[detection]"


def test_torch_is_required_from_the_named_index(course: TemporaryCourse, tmp_path: Path) -> None:
    (tmp_path / "harness.whl").write_bytes(b"wheel")
    arguments = (
        "export",
        "gradescope",
        "--task",
        "blobs",
        "--data",
        "embedded",
        "--wheel",
        str(tmp_path / "harness.whl"),
    )
    output = ("--output", str(tmp_path / "b.zip"))
    done = course.harness(*arguments, *output, "--torch-index", "https://index.example/cpu")
    assert done.returncode == 0, done.stderr
    assert zipfile.ZipFile(tmp_path / "b.zip").read("torch_index") == b"https://index.example/cpu\n"
    assert b'--index-url "$(cat "$root/source/torch_index")" torch' in zipfile.ZipFile(tmp_path / "b.zip").read(
        "setup.sh"
    )
    assert course.harness(*arguments, *output, "--torch-index", "http://x; rm").returncode == 2


def test_a_wheel_is_built_from_a_copy_of_the_source(tmp_path: Path) -> None:
    copy_source(REPOSITORY, tmp_path / "copy")
    assert {path.name for path in (tmp_path / "copy").iterdir()} == {
        "harness",
        "pyproject.toml",
        "setup.py",
        "README.md",
        "LICENSE",
    }
    assert not list((tmp_path / "copy").rglob("__pycache__"))
    assert (tmp_path / "copy" / "harness" / "lms" / "gradescope_files" / "setup.sh").exists()


@pytest.mark.thorough
@pytest.mark.worker
@pytest.mark.skipif(
    int(version("setuptools").split(".")[0]) < 77, reason="an older setuptools stands before the one installed"
)
def test_building_a_wheel_leaves_the_checkout_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_NO_BUILD_ISOLATION", "0")  # pip reads it as the value of "isolation": off
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    before = checkout()
    wheel = build_wheel(tmp_path)
    assert checkout() == before
    assert [path.name for path in tmp_path.iterdir()] == [wheel.name]
    assert "harness/lms/gradescope_files/setup.sh" in zipfile.ZipFile(wheel).namelist()
    assert not [name for name in zipfile.ZipFile(wheel).namelist() if "egg-info" in name]


def checkout() -> dict[str, tuple[int, int]]:
    """Return size and time of everything in the checkout that a build could leave or rewrite."""
    paths = [*REPOSITORY.iterdir(), *(REPOSITORY / "harness").rglob("*"), *REPOSITORY.glob("*.egg-info/*")]
    there = [path for path in paths if "__pycache__" not in path.parts and not path.name.startswith(".")]
    return {str(path): (path.stat().st_size, path.stat().st_mtime_ns) for path in there if path.is_file()}


@pytest.mark.slow
def test_setup_installs_torch_from_the_index_that_was_named(tmp_path: Path) -> None:
    """The whole of it with real pip: an index of small wheels on this machine, and an environment made for it."""
    pages = tmp_path / "index"
    for name in ("torch", "torchvision"):
        (pages / name).mkdir(parents=True)
        wheel = small_wheel(pages / name, name, "2.4.0+cpu")
        (pages / name / "index.html").write_text(f'<a href="{wheel.name}">{wheel.name}</a>')
    root = tmp_path / "autograder"
    (root / "source").mkdir(parents=True)
    small_wheel(root / "source", "harness", "0")
    shutil.copy(REPOSITORY / "harness" / "lms" / "gradescope_files" / "setup.sh", root / "source")
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=str(pages))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        (root / "source" / "torch_index").write_text(f"http://127.0.0.1:{server.server_port}\n")
        environment = {name: text for name, text in os.environ.items() if not name.startswith("PIP_")}
        environment |= {"AUTOGRADER": str(root), "PIP_CONFIG_FILE": os.devnull, "PIP_NO_INDEX": ""}
        subprocess.run(["bash", root / "source" / "setup.sh"], env=environment, check=True, capture_output=True)
        server.shutdown()
    packages = [sys.executable, "-I", "-m", "pip", "--python", str(root / "venv"), "list", "--format=json"]
    done = subprocess.run(packages, env=environment, check=True, capture_output=True, text=True)
    installed = {one["name"]: one["version"] for one in json.loads(done.stdout)}
    assert (installed["torch"], installed["torchvision"], installed["harness"]) == ("2.4.0+cpu", "2.4.0+cpu", "0")


def small_wheel(folder: Path, name: str, number: str) -> Path:
    """Write a wheel that holds nothing."""
    path = folder / f"{name}-{number}-py3-none-any.whl"
    place = f"{name}-{number}.dist-info"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(f"{place}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {number}\n")
        archive.writestr(f"{place}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr(f"{place}/RECORD", "")
    return path


def test_the_scripts_pass_shellcheck(autograder: Autograder) -> None:
    scripts = [autograder.root / "source" / name for name in ("setup.sh", "run_autograder")]
    done = subprocess.run([shellcheck(), *scripts], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


def test_the_instructor_chooses_which_data_is_in_the_bundle(course: TemporaryCourse, tmp_path: Path) -> None:
    wheel = tmp_path / "harness.whl"
    wheel.write_bytes(b"wheel")
    arguments = (
        "export",
        "gradescope",
        "--task",
        "blobs",
        "--wheel",
        str(wheel),
        "--output",
        str(tmp_path / "b.zip"),
    )
    done = course.harness(*arguments)
    assert done.returncode == 2
    assert "--data embedded" in done.stderr
    (tmp_path / "data" / "blobs").mkdir(parents=True)
    (tmp_path / "data" / "blobs" / "points.npz").write_bytes(b"points")
    (tmp_path / "data" / "other").mkdir()
    done = course.harness(*arguments, "--data-root", str(tmp_path / "data"))
    assert done.returncode == 0, done.stderr
    assert "data/blobs/points.npz" in zipfile.ZipFile(tmp_path / "b.zip").namelist()


def test_a_private_test_part_is_in_the_bundle_only_if_scored_on(course: TemporaryCourse, tmp_path: Path) -> None:
    course.add_task(more="private_test=True,")
    wheel = tmp_path / "harness.whl"
    wheel.write_bytes(b"wheel")
    course.environment["HARNESS_PRIVATE"] = str(tmp_path / "private")
    (tmp_path / "private").mkdir()
    assert course.harness("data", "private", "blobs").returncode == 0
    arguments = ("export", "gradescope", "--task", "blobs", "--data", "embedded", "--wheel", str(wheel))
    for score_on, held in (("validation", False), ("test", True)):
        output = tmp_path / f"{score_on}.zip"
        done = course.harness(*arguments, "--score-on", score_on, "--output", str(output))
        assert done.returncode == 0, done.stderr
        assert ("private/blobs/test.npz" in zipfile.ZipFile(output).namelist()) == held
