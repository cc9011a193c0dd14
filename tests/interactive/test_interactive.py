"""What a notebook calls: data without the test part, and verdicts of a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import harness
from harness.interactive import Report, read_parts, write_parts
from tests.conftest import CENTROIDS, TemporaryCourse


@pytest.mark.parametrize(
    ("inputs", "targets"),
    [
        (np.arange(12.0).reshape(4, 3), np.arange(4)),
        (["a", "zwölf", "", "d"], np.arange(4)),
        (np.zeros((4, 2, 2), np.uint8), [np.zeros((k, 5)) for k in range(4)]),
    ],
)
def test_parts_come_back_as_they_went(tmp_path: Path, inputs: Any, targets: Any) -> None:
    train, validation = harness.Split(inputs, targets), harness.Split(inputs[:2], targets[:2])
    write_parts(tmp_path / "parts.npz", train, validation)
    for part, found in zip((train, validation), read_parts(tmp_path / "parts.npz"), strict=True):
        for before, after in ((part.inputs, found.inputs), (part.targets, found.targets)):
            assert len(before) == len(after)
            assert all(np.array_equal(a, b) for a, b in zip(before, after, strict=True))


def test_a_report_shows_itself_and_runs_nothing() -> None:
    report = Report("failed: <script>", passed=False, seconds=1.0, page='<b onload="x">"page"</b>')
    assert repr(report) == "failed: <script>"
    shown = report._repr_html_()
    assert "&lt;script&gt;" in shown
    assert 'sandbox=""' in shown
    assert '<b onload="x">' not in shown


def test_the_names_are_there_and_no_other() -> None:
    assert callable(harness.load_data)
    assert callable(harness.check)
    with pytest.raises(AttributeError, match="no attribute 'nobody'"):
        harness.nobody  # noqa: B018 - it raises


SCRIPT = """
import json, sys
import harness
from work import Model, Net

train, validation = harness.load_data("blobs")
checked = harness.check(Model, "blobs")
other = harness.check(Net, "blobs")
evaluated = harness.evaluate(Model, "blobs")
try:
    harness.load_data("blibs")
except harness.interactive._notebook_run.UsageError as error:
    unknown = str(error)
loaded = sorted(name for name in sys.modules if name.startswith(("harness.evaluate", "harness.data", "_course")))
print(json.dumps({"n": [len(train), len(validation)], "checked": checked.passed, "text": checked.text,
    "other": other.passed, "record": evaluated.record, "page": len(evaluated.page), "unknown": unknown,
    "loaded": loaded}))
"""


@pytest.fixture
def said(course: TemporaryCourse) -> dict[str, Any]:
    """What a script in somebody's folder is answered."""
    folder = course.submit(None)
    (folder / "work.py").write_text(CENTROIDS + "\n\nclass Net(Model):\n    pass\n")
    (folder / "script.py").write_text(SCRIPT)
    environment = os.environ | course.environment | {"FORCE_COLOR": "1"}
    done = subprocess.run(
        [sys.executable, "script.py"], cwd=folder, env=environment, capture_output=True, text=True, timeout=200
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1].rpartition("\r")[2]) | {"printed": done.stdout}


def test_a_class_is_checked_and_evaluated_by_another_process(said: dict[str, Any]) -> None:
    assert said["n"] == [135, 45]
    assert said["checked"]
    assert said["other"]
    assert said["text"].endswith("12 passed, 1 skipped: rules (task blobs has none)")
    assert said["text"] in said["printed"]  # a script has nobody else to show it
    assert "\x1b" not in said["text"]
    assert said["record"]["status"] == "passed"
    assert said["page"] > 1000
    assert "did you mean 'blobs'?" in said["unknown"]
    assert said["loaded"] == []  # neither the task's code nor the host's came in


@pytest.mark.line
def test_a_notebook_in_a_submission_takes_no_tasks_from_there(
    course: TemporaryCourse, monkeypatch: pytest.MonkeyPatch
) -> None:
    planted = course.submit(None, name="eve") / "tasks" / "blobs"
    planted.mkdir(parents=True)
    (planted / "task.py").write_text("raise SystemExit('a planted task was imported')")
    for name, value in course.environment.items():
        monkeypatch.setenv(name, value)
    train, validation = harness.load_data("blobs", course=planted)
    assert (len(train), len(validation)) == (135, 45)


@pytest.mark.line
def test_the_notebook_to_start_from_runs_and_passes(course: TemporaryCourse) -> None:
    nbclient, nbformat = pytest.importorskip("nbclient"), pytest.importorskip("nbformat")
    pytest.importorskip("ipykernel")
    assert course.harness("new", "submission", "ada", "--task", "blobs", "--notebook").returncode == 0
    folder = course.root / "submissions" / "ada" / "blobs"
    checked = course.harness("check", "submissions/ada")
    assert checked.stdout.splitlines()[-1] == "12 passed, 1 skipped: rules (task blobs has none)"
    book = nbformat.read(folder / "model.ipynb", as_version=4)
    nbformat.validate(book)
    methods = "    def fit(self, train, validation):\n        1 / 0\n\n    def predict(self, x):\n        pass"
    broken = f"class Model(harness.Model):\n{methods}"
    book.cells += [nbformat.v4.new_code_cell(broken), nbformat.v4.new_code_cell('harness.check(Model, "blobs")')]
    client = nbclient.NotebookClient(book, timeout=200, kernel_name="python3", resources={"metadata": {"path": folder}})
    with pytest.MonkeyPatch.context() as patch:
        for name, value in course.environment.items():
            patch.setenv(name, value)
        client.execute()
    results = [cell.outputs[-1] for cell in book.cells if cell.cell_type == "code" and cell.outputs]
    texts = ["".join(result.get("data", {}).get("text/plain", "")) for result in results]
    assert texts[0] == "(135, 45)"
    assert "12 passed, 1 skipped" in texts[2]
    assert "below baseline: notebook · blobs" in texts[3]
    assert "cell 6, line 3 (`1 / 0`): ZeroDivisionError" in texts[4]
    assert "text/html" in results[3]["data"]
