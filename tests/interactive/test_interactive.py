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
def test_parts_are_read_as_they_were_written(tmp_path: Path, inputs: Any, targets: Any) -> None:
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


def test_the_package_has_its_public_names_and_no_others() -> None:
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
def test_a_notebook_in_a_submission_uses_no_tasks_from_that_folder(
    course: TemporaryCourse, monkeypatch: pytest.MonkeyPatch
) -> None:
    planted = course.submit(None, name="eve") / "tasks" / "blobs"
    planted.mkdir(parents=True)
    (planted / "task.py").write_text("raise SystemExit('a planted task was imported')")
    for name, value in course.environment.items():
        monkeypatch.setenv(name, value)
    train, validation = harness.load_data("blobs", course=planted)
    assert (len(train), len(validation)) == (135, 45)


CELLS = """
import json, sys
from pathlib import Path
from IPython.core.interactiveshell import InteractiveShell
from harness.interactive._kernel_cells import cells_with, file_of, notebook_folder

shell = InteractiveShell.instance()


def run(cell):
    assert shell.run_cell(cell, store_history=True).success, cell
    return shell.user_ns.get("Model")


def told(model):
    return cells_with(model, shell)


found = {}
timed = run("%%time\\nclass Model:\\n    def fit(self): return 1")
found["timed"] = told(timed)
first = run("class Model:\\n    def fit(self): return 2")
second = run("class Model:\\n    def fit(self): return 3")
found["newest"] = told(second)
found["older"] = told(first)[-2:]
run("%run hidden.ipynb")
found["hidden"] = told(shell.user_ns["Hidden"])
run("%run script.py")
found["script"] = str(file_of(shell.user_ns["Scripted"]).relative_to(Path.cwd()))
run("%reset -f in")
found["forgotten"] = told(second)[-1]
try:
    told(timed)
except Exception as error:
    found["lost"] = str(error)
shell.user_ns["__vsc_ipynb_file__"] = str(Path("elsewhere", "work.ipynb").absolute())
found["folder"] = notebook_folder(shell).name
print(json.dumps(found))
"""


@pytest.fixture(scope="module")
def kernel(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What is found in a shell of IPython after cells were run, run again, hidden and forgotten."""
    pytest.importorskip("IPython")
    folder = tmp_path_factory.mktemp("kernel")
    hidden = [code_cell("RATE = 3"), code_cell("class Hidden:\n    def fit(self): return RATE")]
    (folder / "hidden.ipynb").write_text(
        json.dumps({"cells": hidden, "metadata": {}, "nbformat": 4, "nbformat_minor": 5})
    )
    (folder / "script.py").write_text("class Scripted:\n    def fit(self): return 1\n")
    (folder / "elsewhere").mkdir()
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", CELLS],
        cwd=folder,
        env=os.environ | {"IPYTHONDIR": str(folder)},
        capture_output=True,
        text=True,
        timeout=200,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def code_cell(source: str) -> dict[str, Any]:
    cell = {"cell_type": "code", "id": f"c{abs(hash(source)) % 10**6}", "metadata": {}, "outputs": []}
    return cell | {"execution_count": None, "source": source}


VERSIONS = [f"class Model:\n    def fit(self): return {number}" for number in (1, 2, 3)]


@pytest.mark.line
def test_cells_are_taken_as_they_were_typed(kernel: dict[str, Any]) -> None:
    assert kernel["timed"] == [f"%%time\n{VERSIONS[0]}"]
    assert kernel["newest"] == [f"%%time\n{VERSIONS[0]}", *VERSIONS[1:]]


@pytest.mark.line
def test_an_older_class_of_the_same_name_gets_its_own_source(kernel: dict[str, Any]) -> None:
    assert [text.strip() for text in kernel["older"]] == [VERSIONS[2], VERSIONS[1]]


@pytest.mark.line
def test_a_class_of_another_notebook_comes_with_the_cells_run_there(kernel: dict[str, Any]) -> None:
    texts = [text.strip() for text in kernel["hidden"]]
    assert texts.index("RATE = 3") < texts.index("class Hidden:\n    def fit(self): return RATE") == len(texts) - 1
    assert kernel["script"] == "script.py"


@pytest.mark.line
def test_a_history_that_was_reset_is_recovered_or_reported(kernel: dict[str, Any]) -> None:
    assert kernel["forgotten"].strip() == VERSIONS[2]
    assert "the cell that defines Model is not in the history of this kernel: run it again" in kernel["lost"]


@pytest.mark.line
def test_the_path_of_a_notebook_in_vs_code_is_found(kernel: dict[str, Any]) -> None:
    assert kernel["folder"] == "elsewhere"


def executed(folder: Path, environment: dict[str, str], *cells: str) -> list[str]:
    """Run cells in a kernel whose current folder is `folder`; return the text of each cell's last output."""
    nbclient, nbformat = pytest.importorskip("nbclient"), pytest.importorskip("nbformat")
    pytest.importorskip("ipykernel")
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    client = nbclient.NotebookClient(book, timeout=200, kernel_name="python3", resources={"metadata": {"path": folder}})
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environment.items():
            patch.setenv(name, value)
        client.execute()
    last = [cell.outputs[-1] if cell.outputs else {} for cell in book.cells]
    return ["".join(one.get("data", {}).get("text/plain", "") or one.get("text", "")) for one in last]


@pytest.mark.thorough
@pytest.mark.line
def test_vs_code_finds_the_course_of_the_notebook_and_compares_a_claim(course: TemporaryCourse, tmp_path: Path) -> None:
    folder = course.submit(None)
    (folder / "helper.py").write_text("def nearest(distances):\n    return distances.argmin(axis=1)\n")
    model = CENTROIDS.replace("import harness", "import harness\nfrom helper import nearest").replace(
        "((inputs[:, None] - self.centres) ** 2).sum(axis=2).argmin(axis=1)",
        "nearest(((inputs[:, None] - self.centres) ** 2).sum(axis=2))",
    )
    assert "return nearest" in model
    elsewhere = tmp_path / "workspace"
    elsewhere.mkdir()
    texts = executed(
        elsewhere,
        course.environment,
        f"__vsc_ipynb_file__ = {str(folder / 'work.ipynb')!r}",  # as its extension does when it starts the kernel
        f"import sys; sys.path.insert(0, {str(folder)!r})",
        model,
        'import harness; harness.evaluate(Model, "blobs", claims=0.5)',
    )
    assert "passed: notebook · blobs" in texts[-1], texts[-1]
    assert "claims            of accuracy; no result depends on them" in texts[-1]
    assert "can be told apart" in texts[-1]


@pytest.mark.thorough
@pytest.mark.line
def test_in_colab_the_cells_suffice_if_the_course_is_named(course: TemporaryCourse, tmp_path: Path) -> None:
    content = tmp_path / "content"
    content.mkdir()
    texts = executed(
        content,
        course.environment,
        "import sys, types; sys.modules['google.colab'] = types.ModuleType('google.colab')",
        f"%%time\n#@title The model\n{CENTROIDS}",
        'try:\n    harness.check(Model, "blobs")\nexcept harness.errors.UsageError as error:\n    print(error)',
        f"%cd {course.root}",
        'harness.check(Model, "blobs")',
    )
    assert "in Colab, `!git clone` the course and `%cd` into it" in texts[2]
    assert "12 passed, 1 skipped" in texts[4]


@pytest.mark.thorough
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
