"""What staff and Alice hand in scores what it always did."""

from __future__ import annotations

import itertools
import os
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import REPOSITORY, TemporaryCourse

DATA = Path(os.environ.get("HARNESS_DATA") or "no-data")
PATHS = ("reference/knn", "reference/mlp", "submissions/alice")
EMBEDDED = {"reference/knn": 0.982, "reference/mlp": 0.98, "alice": 0.978}

needs_usps = pytest.mark.skipif(not (DATA / "usps").is_dir(), reason="no $HARNESS_DATA/usps")


def graded(base: Path, *where: str, paths: Sequence[str] = PATHS) -> dict[str, dict[str, Any]]:
    """Evaluate `paths` in a copy of the repository's course; return the records by name."""
    course = TemporaryCourse.below(base)
    for path in ("tasks/usps", *(f"{path}/usps" for path in paths)):
        shutil.copytree(REPOSITORY / path, course.root / path)
    done = course.process("evaluate", *paths, "--task", "usps", *where, timeout=800)
    assert done.returncode == 0, done.stdout + done.stderr
    return {name: course.record(name, "usps") for path in paths for name in [path.removeprefix("submissions/")]}


@pytest.fixture(scope="module")
def embedded(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    return graded(tmp_path_factory.mktemp("embedded"), "--data", "embedded")


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    return graded(tmp_path_factory.mktemp("real"), "--data-root", str(DATA), paths=PATHS[1:])


@pytest.mark.line
@pytest.mark.thorough
@pytest.mark.parametrize("name", EMBEDDED)
def test_scores_on_the_embedded_digits_are_unchanged(embedded: dict[str, dict[str, Any]], name: str) -> None:
    record = embedded[name]
    assert record["status"] == "passed"
    assert record["task"]["source"] == "embedded"
    assert record["scores"][0]["value"] == pytest.approx(EMBEDDED[name], abs=0.006)


@pytest.mark.line
@pytest.mark.thorough
@pytest.mark.usps
@needs_usps
def test_the_nearest_neighbours_stored_items_are_counted_as_parameters(tmp_path: Path) -> None:
    record = graded(tmp_path, "--data-root", str(DATA), paths=PATHS[:1])["reference/knn"]
    assert record["task"]["source"] != "embedded"
    assert record["scores"][0]["value"] == pytest.approx(0.9507, abs=0.0005)
    assert record["cost"]["parameters"] == 7291 * (256 + 1)


@pytest.mark.slow
@pytest.mark.usps
@needs_usps
@pytest.mark.parametrize("name", ["reference/mlp", "alice"])
def test_the_networks_pass_on_the_real_digits(real: dict[str, dict[str, Any]], name: str) -> None:
    assert real[name]["status"] == "passed"
    assert real[name]["scores"][0]["value"] >= 0.944
    assert real[name]["cost"]["parameters_verified"]


@pytest.mark.line
@pytest.mark.thorough
def test_two_hidden_layers_have_the_expected_number_of_parameters(embedded: dict[str, dict[str, Any]]) -> None:
    def dense(*widths: int) -> int:
        return sum((before + 1) * after for before, after in itertools.pairwise(widths))

    assert embedded["reference/mlp"]["cost"]["parameters"] == dense(256, 128, 64, 10)
    assert embedded["alice"]["cost"]["parameters"] == dense(256, 192, 64, 10)
