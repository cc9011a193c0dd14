# ruff: noqa: E501 - one case, one line
"""Whatever a submission gets wrong becomes a record that says what, where, and what was expected."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent, indent
from typing import Any

import pytest

from tests.conftest import TemporaryCourse

pytestmark = pytest.mark.line

TIGHT = (
    "import_seconds=2, fit_cpu_seconds=1.5, save_seconds=2, load_seconds=2, predict_seconds=2, measure_seconds=3, "
    "memory_bytes=400 << 20, parameters=1_000, artifact_bytes=100_000, output_bytes=1 << 20"
)


def model(fit: str = "pass", predict: str = "return np.zeros(len(inputs), int)", top: str = "", more: str = "") -> str:
    """Return a ``model.py``; the line that should be blamed ends with ``# here``."""
    return (
        f"import os, sys, time\nimport numpy as np\nimport harness\n{top}\n"
        "class Model(harness.Model):\n"
        f"    def fit(self, train, validation):\n{indent(dedent(fit), ' ' * 8)}\n"
        f"    def predict(self, inputs):\n{indent(dedent(predict), ' ' * 8)}\n"
        f"{indent(dedent(more), ' ' * 4)}\n"
    )


@dataclass(frozen=True)
class Bad:
    """A submission with one fault, and the record it should become."""

    source: str | None
    failure: str
    """``kind in phase``."""
    says: tuple[str, ...]
    also: Callable[[Path], object] = lambda folder: None
    """Puts more into the folder."""
    blamed: str | None = "model.py"
    """The file that holds ``# here``; None where no line can be told."""


def returning(expression: str, *says: str) -> Bad:
    return Bad(model(predict=f"return {expression}"), "bad_predictions in predict", says)


def write(name: str, content: str | bytes) -> Callable[[Path], object]:
    return lambda folder: (folder / name).write_bytes(content.encode() if isinstance(content, str) else content)


SPIN = "while True: pass"
SLEEP = "time.sleep(1000)"
HOARD = "hoard = []\nwhile True: hoard.append(np.ones(4 << 20))"
HOARD_ONCE = "np.ones(1 << 40)  # here"
TIRES = """
self.asked = getattr(self, "asked", 0) + 1
if self.asked > 20:
    {}
return np.zeros(len(inputs), int)
"""
MISSHAPED = ("for 120 inputs", "expected (120,) integer labels or (120, 3) float scores")

BAD: dict[str, Bad] = {
    # files and import
    "model-py-missing": Bad(None, "invalid_submission in import", ("model.py is missing", "class `Model`")),
    "folder-called-model-py": Bad(
        None, "invalid_submission in import", ("model.py is missing",), also=lambda folder: (folder / "model.py").mkdir()
    ),
    "model-py-empty": Bad("", "invalid_submission in import", ("no class `Model`", "class Model(harness.Model)")),
    "syntax-error": Bad("import harness\nclass Model(:  # here\n", "invalid_submission in import", ("SyntaxError",)),
    "syntax-error-in-helper": Bad(
        f"import helper\n{model()}", "invalid_submission in import", ("SyntaxError",), write("helper.py", "\n)  # here"),
        blamed="helper.py",
    ),
    "null-byte": Bad(
        None, "invalid_submission in import", ("null bytes",), write("model.py", b"x = 1\0\n")
    ),
    "no-model": Bad("import harness\nx = 1\n", "invalid_submission in import", ("defines no class `Model`",)),
    "model-is-a-function": Bad(
        "def Model():  # here\n    pass", "invalid_submission in import", ("is a function", "class Model(harness.Model)")
    ),
    "model-without-base": Bad(
        "class Model:  # here\n    pass", "invalid_submission in import", ("without the base harness.Model",)
    ),
    "no-predict": Bad(
        "import harness\nclass Model(harness.Model):  # here\n    def fit(self, train, validation): pass",
        "invalid_submission in import", ("no method `predict`",),
    ),
    "constructor-arguments": Bad(
        model(more="def __init__(self, width, depth=3): pass  # here"),
        "invalid_submission in import", ("needs the arguments width:", "give them defaults"),
    ),
    "constructor-raises": Bad(
        model(more="def __init__(self): 1 / 0  # here"), "invalid_submission in import", ("ZeroDivisionError",)
    ),
    "import-raises": Bad(
        model(top="raise RuntimeError('not today')  # here"), "invalid_submission in import", ("RuntimeError: not today",)
    ),
    "import-of-no-such-package": Bad(
        model(top="import no_such_package  # here"), "invalid_submission in import", ("No module named 'no_such_package'",)
    ),
    "helper-raises": Bad(
        f"import helper\n{model()}", "invalid_submission in import", ("KeyError",),
        write("helper.py", "x = {}\nx['a']  # here\n"), blamed="helper.py",
    ),
    "import-exits": Bad(model(top="sys.exit(0)  # here"), "invalid_submission in import", ("called sys.exit(0)",)),
    "import-hangs": Bad(model(top=SLEEP), "timeout in import", ("limit import_seconds", "2 s allowed")),
    "link": Bad(
        model(), "invalid_submission in import", ("'labels.csv'", "links"),
        lambda folder: (folder / "labels.csv").symlink_to("/etc/passwd"),
    ),
    "linked-folder": Bad(
        model(), "invalid_submission in import", ("'more'",), lambda folder: (folder / "more").symlink_to("/etc")
    ),
    "model-py-is-a-link": Bad(
        None, "invalid_submission in import", ("'model.py'",), lambda folder: (folder / "model.py").symlink_to("/etc/passwd")
    ),
    "pipe": Bad(
        model(), "invalid_submission in import", ("'pipe'", "pipes"), lambda folder: os.mkfifo(folder / "pipe")
    ),
    "too-much-data": Bad(
        model(), "resource_limit in import", ("70000 bytes", "limit shipped_bytes 65536"), write("table.bin", bytes(70_000))
    ),
    # fit
    "fit-raises": Bad(model(fit="raise ValueError('no idea')  # here"), "fit_error in fit", ("ValueError: no idea",)),
    "fit-raises-what-is-no-unicode": Bad(
        model(fit=r"raise ValueError('\udcff')  # here"), "fit_error in fit", ("ValueError",)
    ),
    "fit-recurses": Bad(
        model(fit="def deeper(): deeper()  # here\ndeeper()"), "fit_error in fit", ("RecursionError",)
    ),
    "fit-exits": Bad(model(fit="sys.exit(3)  # here"), "fit_error in fit", ("called sys.exit(3)",)),
    "fit-leaves": Bad(model(fit="os._exit(0)"), "fit_error in fit", ("ended with exit code 0", "let it return")),
    "fit-kills-itself": Bad(
        model(fit="os.kill(os.getpid(), 11)"), "fit_error in fit", ("SIGSEGV",)
    ),
    "fit-sleeps": Bad(model(fit=SLEEP), "timeout in fit", ("limit fit_seconds", "4.5 s allowed", "make it faster")),
    "fit-spins": Bad(model(fit=SPIN), "timeout in fit", ("limit fit_cpu_seconds", "1.5 s allowed", "make it faster")),
    "fit-hoards": Bad(model(fit=HOARD), "out_of_memory in fit", ("memory_bytes", "419,430,400")),
    "fit-asks-for-too-much": Bad(model(fit=HOARD_ONCE), "out_of_memory in fit", ("memory_bytes", "419,430,400")),
    # save, weigh, load
    "save-cannot": Bad(
        model(fit="import threading\nself.lock = threading.Lock()"), "save_error in save", ("self.lock", "cannot be saved")
    ),
    "save-raises": Bad(model(more="def save(self, folder): 1 / 0  # here"), "save_error in save", ("ZeroDivisionError",)),
    "artifact-too-big": Bad(
        model(fit="self.big = np.zeros(20_000)"), "resource_limit in save", ("limit artifact_bytes 100,000",)
    ),
    "too-many-parameters": Bad(
        model(fit="self.big = np.zeros(1_001)"), "resource_limit in weigh", ("parameters 1,001", "limit 1,000")
    ),
    "load-raises": Bad(model(more="def load(self, folder): 1 / 0  # here"), "load_error in load", ("ZeroDivisionError",)),
    "load-hangs": Bad(model(more="def load(self, folder): time.sleep(1000)"), "timeout in load", ("load_seconds",)),
    # predict
    "predict-raises": Bad(model(predict="{}['x']  # here"), "predict_error in predict", ("KeyError",)),
    "predict-exits": Bad(model(predict="sys.exit()  # here"), "predict_error in predict", ("called sys.exit(None)",)),
    "predict-leaves": Bad(model(predict="os._exit(7)"), "predict_error in predict", ("ended with exit code 7",)),
    "predict-sleeps": Bad(model(predict=SLEEP), "timeout in predict", ("limit predict_seconds", "2 s allowed")),
    "predict-hoards": Bad(model(predict=HOARD), "out_of_memory in predict", ("memory_bytes", "419,430,400")),
    "predict-changes-inputs": Bad(
        model(predict="inputs[0] = 0  # here"), "predict_error in predict", ("read-only",)
    ),
    "predict-fails-when-timed": Bad(
        model(predict=TIRES.format("raise RuntimeError('tired')  # here")), "predict_error in measure", ("tired",)
    ),
    "predict-sleeps-when-timed": Bad(
        model(predict=TIRES.format("time.sleep(1000)")), "timeout in measure", ("limit measure_seconds", "3 s allowed")
    ),
    # predictions
    "too-few": returning("np.zeros(len(inputs) - 1, int)", "shape (119,)", *MISSHAPED),
    "four-classes": returning("np.zeros((len(inputs), 4))", "shape (120, 4)", *MISSHAPED),
    "names": returning("['left'] * len(inputs)", "a list of dtype <U4", "integers or floats"),
    "nothing": returning("None", "returned None"),
    "label-too-high": returning("np.full(len(inputs), 3)", "the label 3", "expected 0 to 2"),
    "half-a-label": returning("np.full(len(inputs), 0.5)", "the label 0.5", "whole numbers"),
    "nan": returning("np.full((len(inputs), 3), np.nan)", "nan", "item 0", "finite"),
    "infinite": returning("np.where(inputs[:, 0] > 2, 0, np.inf)", "inf", "item 0", "finite"),
}  # fmt: skip


@pytest.fixture(scope="module")
def graded(tmp_path_factory: pytest.TempPathFactory) -> tuple[TemporaryCourse, str, str, int]:
    """Evaluate all of them at one go; return the course and what was printed."""
    base = tmp_path_factory.mktemp("bad")
    course = TemporaryCourse(
        base, {"HARNESS_OFFLINE": "1", "XDG_CACHE_HOME": str(base / "cache"), "HARNESS_DATA": "", "HARNESS_PRIVATE": ""}
    )
    course.add_task(limits=TIGHT)
    for name, bad in BAD.items():
        bad.also(course.submit(bad.source, name=name))
    done = course.harness("evaluate", *(f"submissions/{name}" for name in BAD), timeout=280)
    return course, done.stdout, done.stderr, done.returncode


@pytest.fixture(params=BAD)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def record(graded: tuple[TemporaryCourse, str, str, int], name: str) -> dict[str, Any]:
    course, out, err, _ = graded
    assert (course.root / "leaderboard" / "records" / "blobs" / f"{name}.json").exists(), (out + err)[-3000:]
    return course.record(name)


def test_what_is_wrong_is_named_in_the_record(record: dict[str, Any], name: str) -> None:
    bad, failure = BAD[name], record["failure"]
    assert record["status"] == "failed"
    assert f"{failure['kind']} in {failure['phase']}" == bad.failure, failure["message"]
    for words in bad.says:
        assert words in failure["message"]


def test_the_students_own_line_is_blamed_where_there_is_one(record: dict[str, Any], name: str) -> None:
    bad, failure = BAD[name], record["failure"]
    folder = f"submissions/{name}/blobs"
    blamed = bad.blamed and Path(folder, bad.blamed).as_posix()
    lines = (bad.source or "").splitlines() if bad.blamed == "model.py" else ["", "x  # here"]
    marked = [number for number, line in enumerate(lines, 1) if line.endswith("# here")]
    if marked:
        assert (failure["file"], failure["line"]) == (blamed, marked[0])
    else:
        assert failure["file"] in (None, blamed)


def test_a_failure_leaves_what_was_not_reached_null(record: dict[str, Any], name: str) -> None:
    assert record["scores"] == [] or BAD[name].failure.endswith("in measure")
    assert record["cost"]["latency"] is None
    assert (record["baseline"]["met"] is None) == (record["scores"] == [])
    reached = record["cost"]["parameters"] is not None
    assert reached == (record["failure"]["phase"] in ("load", "predict", "measure"))


def test_one_command_grades_them_all_and_ends_with_the_verdict(graded: tuple[TemporaryCourse, str, str, int]) -> None:
    _, out, err, code = graded
    assert "Traceback (most recent call last)" not in err
    assert out.splitlines()[-1] == f"0 passed, 0 below baseline, {len(BAD)} failed"
    assert code == 1


def test_the_log_shows_the_students_frames_and_none_of_ours(graded: tuple[TemporaryCourse, str, str, int]) -> None:
    log = graded[0].record("fit-raises")["failure"]["log_tail"]
    assert re.search(r'File "model.py", line \d+, in fit', log)
    assert "harness/" not in log
