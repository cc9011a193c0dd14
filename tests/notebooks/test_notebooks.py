"""Notebooks as students of the two courses write them, handed in as they are: magics, plots, loops, scratch cells.

They take a minute or two: ``pytest -m slow tests/notebooks``.
"""

from __future__ import annotations

import re
import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest

from harness.notebooks import read_notebook
from tests.conftest import REPOSITORY, TemporaryCourse

pytestmark = pytest.mark.slow

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Expected:
    """What becomes of a notebook."""

    cells: str
    """Those that its model is taken from; text cells count."""
    score: float
    """The least (of errors the largest) primary score: half way from knowing nothing to what it has reached."""
    parameters: int
    lower_is_better: bool = False


EXPECTED = {
    "bloodmnist": Expected("cells 2, 4, 5, 6 and 7", 0.45, 17_640),
    "drug_reviews": Expected("cells 3, 4 and 5", 0.35, 2_723),
    "ecg200": Expected("cells 2, 3, 5, 6 and 7", 0.4, 5_282),
    "ecg5000": Expected("cells 2, 3, 4, 5, 6, 7 and 8", 0.45, 8_328),
    "glucose": Expected("cells 2, 5, 6 and 7", 11.3, 438, lower_is_better=True),
    "medical_abstracts": Expected("cells 2, 3, 4 and 7", 0.5, 10_240),
    "nuclei": Expected("cells 2, 3, 4, 5 and 6", 0.4, 29_321),
    "spect": Expected("cells 2, 3, 4 and 5", 0.45, 51_864),
    "usps": Expected("cells 2, 4, 8, 9, 10, 11 and 12", 0.6, 42_572),
}


@dataclass(frozen=True)
class Evaluated:
    """The course in which all notebooks were evaluated, and what was printed."""

    course: TemporaryCourse
    text: str

    def about(self, task: str) -> str:
        """Return what was printed about the notebook of a task."""
        return self.text.partition(f"\nann · {task}  ")[2].partition("\nann · ")[0]


@pytest.fixture(scope="module")
def evaluated(tmp_path_factory: pytest.TempPathFactory) -> Evaluated:
    course = TemporaryCourse.below(tmp_path_factory.mktemp("notebooks"))
    for name in ("_shared", *EXPECTED):
        shutil.copytree(REPOSITORY / "tasks" / name, course.root / "tasks" / name)
    for task in EXPECTED:
        shutil.copy(HERE / f"{task}.ipynb", course.submit(None, name="ann", task=task))
    done = course.process("evaluate", "submissions/ann", "--data", "embedded", timeout=1000)
    assert done.returncode in (0, 1), done.stdout + done.stderr
    return Evaluated(course, done.stdout)


def test_there_is_a_readable_notebook_for_each_task() -> None:
    assert {path.stem for path in HERE.glob("*.ipynb")} == EXPECTED.keys()
    for task in EXPECTED:
        read_notebook(task, (HERE / f"{task}.ipynb").read_bytes())


@pytest.mark.parametrize("task", EXPECTED)
def test_a_students_notebook_is_evaluated_unchanged(evaluated: Evaluated, task: str) -> None:
    record, expected = evaluated.course.record("ann", task), EXPECTED[task]
    assert record["failure"] is None
    assert f"note: model.py is {expected.cells} of {task}.ipynb" in evaluated.about(task)
    value = record["scores"][0]["value"]
    assert value < expected.score if expected.lower_is_better else value > expected.score
    assert record["cost"]["parameters_verified"] or re.search("not verified: .", evaluated.about(task))


@pytest.mark.parametrize("task", sorted(set(EXPECTED) - {"medical_abstracts", "drug_reviews", "spect"}))
def test_all_weights_of_a_notebooks_model_are_counted(evaluated: Evaluated, task: str) -> None:
    assert evaluated.course.record("ann", task)["cost"]["parameters"] == EXPECTED[task].parameters
