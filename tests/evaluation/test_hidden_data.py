"""Data of installed packages that a task hides can be read by no worker, warm or cold, at any level that isolates."""

from __future__ import annotations

import pytest

from tests.conftest import CENTROIDS, TemporaryCourse

pytestmark = pytest.mark.line

READS = CENTROIDS.replace(
    "class Model",
    """
from pathlib import Path

NUMPY = Path(np.__file__).parent
PLACES = (NUMPY / "_core" / "lib" / "pkgconfig" / "numpy.pc", *(NUMPY / "_core" / "include").rglob("*.h"))


def seen():
    for path in PLACES:
        try:
            path.read_bytes()
            yield path.name
        except OSError:
            pass


class Model""",
)
SAYS = READS.replace(
    "        self.centres", "        raise RuntimeError(f'sees {sorted(seen())[-1:]}')\n        self.centres"
)
HIDES = 'hides=("numpy/_core/lib/pkgconfig/numpy.pc", "numpy/_core/include"),'


def said(course: TemporaryCourse, *options: str) -> str:
    return course.evaluate(SAYS, "--force", *options)["failure"]["message"]


@pytest.mark.parametrize(
    "options",
    [
        ("--isolation", "exactly:namespaces"),
        pytest.param(("--isolation", "exactly:landlock"), marks=pytest.mark.thorough),
    ],
)
def test_a_worker_cannot_read_hidden_data(course: TemporaryCourse, options: tuple[str, str]) -> None:
    assert "sees ['" in said(course, *options)
    course.add_task(more=HIDES)
    assert "sees []" in said(course, *options)
    assert "sees []" in said(course, *options, "--cold")


def test_hiding_code_is_a_mistake_of_the_task(course: TemporaryCourse) -> None:
    course.add_task(more='hides=("numpy/_core",),')
    course.submit()
    evaluated = course.harness("evaluate", "submissions/bob")
    assert evaluated.returncode == 3
    assert "task blobs: hides:" in evaluated.stdout
    checked = course.harness("tasks", "check", "blobs")
    assert (checked.returncode, "an import may need" in checked.stdout) == (1, True), checked.stdout
