"""Shared code is found under other names, and shown as text."""

from __future__ import annotations

import json
from importlib.util import find_spec
from pathlib import Path

import pytest

from harness.errors import UsageError
from harness.similarity import MOST_CODE, Pair, Text, compare, gather, report_html
from harness.similarity._compare import _code
from tests.conftest import CENTROIDS, TemporaryCourse

pytestmark = pytest.mark.skipif(find_spec("copydetect") is None, reason="the extra `audit` is not installed")

OTHER = """
import harness


class Model(harness.Model):
    def fit(self, train, validation):
        counts = {}
        for label in train.targets.tolist():
            counts[label] = counts.get(label, 0) + 1
        self.favourite = max(counts, key=counts.get)

    def predict(self, inputs):
        return [self.favourite for _ in range(len(inputs))]
"""
RENAMED = CENTROIDS.replace("centres", "prototypes").replace("import numpy as np", "import numpy as np  # mine")


def found(texts: list[Text], others: list[Text] = (), boilerplate: list[str] = (), least: float = 0.5) -> list[Pair]:  # type: ignore[assignment]
    return [pair for pair in compare(texts, others, boilerplate, least) if pair is not None]


def test_code_with_renamed_variables_is_found_and_other_code_is_not() -> None:
    (pair,) = found([Text("ann", CENTROIDS), Text("bob", RENAMED), Text("eve", OTHER)])
    assert (pair.first.name, pair.second.name) == ("ann", "bob")
    assert min(pair.shares) > 0.9


def test_code_contained_in_much_longer_code_is_found() -> None:
    (pair,) = found([Text("ann", CENTROIDS), Text("bob", OTHER * 4 + RENAMED)])
    assert max(pair.shares) > 0.9
    assert min(pair.shares) < 0.5


def test_every_comparison_is_counted() -> None:
    texts = [Text(name, OTHER) for name in "abc"]
    assert len(list(compare(texts, [Text("old", OTHER), Text("older", OTHER)], [], 0.5))) == 3 + 6


def test_submissions_of_former_years_are_not_compared_with_each_other() -> None:
    names = [
        (p.first.name, p.second.name) for p in found([Text("ann", OTHER)], [Text("x", CENTROIDS), Text("y", RENAMED)])
    ]
    assert names == []


def test_code_that_was_handed_out_does_not_count() -> None:
    assert found([Text("ann", CENTROIDS), Text("bob", CENTROIDS)])
    assert not found([Text("ann", CENTROIDS), Text("bob", CENTROIDS)], boilerplate=[CENTROIDS])


def test_two_runs_give_the_same_result() -> None:
    texts = [Text("ann", CENTROIDS + OTHER), Text("bob", RENAMED)]
    assert found(texts, least=0.1) == found(texts, least=0.1)


def test_the_page_shows_code_and_runs_none() -> None:
    evil = CENTROIDS + "\n# <script>alert(1)</script> \x1b[31m"
    (pair,) = found([Text("<i>", evil), Text("<b>", evil)])
    page = report_html("usps", [pair], 1)
    assert "<script>" not in page
    assert "\x1b" not in page
    assert "<b>" not in page
    assert "<i>" not in page
    assert "<mark>" in page
    assert "honest causes" in page


def test_code_that_is_not_valid_python_is_compared_too() -> None:
    broken = "def (((\n" + CENTROIDS + "\udcff\0"
    (pair,) = found([Text("ann", broken), Text("bob", CENTROIDS)])
    assert max(pair.shares) > 0.9


def test_files_are_gathered_by_task_and_links_are_not_followed(tmp_path: Path) -> None:
    folder = tmp_path / "ann" / "usps"
    folder.mkdir(parents=True)
    (folder / "model.py").write_text("x = 1\n")
    (folder / "more.py").write_text("y = 2\n")
    (folder / "link.py").symlink_to("/etc/passwd")
    (folder / ".hidden.py").write_text("z = 3\n")
    (tmp_path / "bob").mkdir()
    (text,) = gather(tmp_path, "usps", "2024/")
    assert text == Text("2024/ann", "# model.py\nx = 1\n\n# more.py\ny = 2\n\n")
    with pytest.raises(UsageError, match="is not a folder of submissions"):
        list(gather(tmp_path / "none", "usps"))


def test_a_folder_of_a_former_year_without_tasks_is_read(tmp_path: Path) -> None:
    (tmp_path / "ann").mkdir()
    (tmp_path / "ann" / "model.py").write_text("x = 1\n")
    assert [text.name for text in gather(tmp_path, "usps")] == ["ann"]


@pytest.mark.parametrize(("each", "number", "is_cut"), [(300_000, 3, False), (300_000, 40, True), (3 << 20, 1, True)])
def test_of_too_much_code_only_the_first_part_is_compared(tmp_path: Path, each: int, number: int, is_cut: bool) -> None:
    (tmp_path / "ann").mkdir()
    for place in range(number):
        (tmp_path / "ann" / f"m{place}.py").write_text("x = 1\n" * (each // 6))
    (text,) = gather(tmp_path, "usps")
    assert (text.is_cut, len(text.code) <= MOST_CODE) == (is_cut, True)
    assert len(_code(tmp_path / "ann")) < 5 * MOST_CODE


def test_the_command_says_whose_code_was_cut(course: TemporaryCourse) -> None:
    course.submit(OTHER, name="bob")
    course.submit("#" * MOST_CODE, name="ann")
    done = course.harness("audit", "similarity", "--task", "blobs")
    assert f"left out: ann has more than {MOST_CODE:,} characters of code" in done.stdout
    assert "bob" not in done.stdout


def test_the_command_lists_pairs_and_always_succeeds(course: TemporaryCourse, tmp_path: Path) -> None:
    course.submit(CENTROIDS, name="ann")
    course.submit(OTHER, name="bob")
    course.submit(RENAMED, name="staff", base="reference")
    old = tmp_path / "2024" / "old" / "blobs"
    old.mkdir(parents=True)
    (old / "model.py").write_text(OTHER)
    done = course.harness("audit", "similarity", "--task", "blobs", "--against", str(old.parents[1]))
    assert done.returncode == 0, done.stderr
    assert "ann (" in done.stdout
    assert "reference/staff" in done.stdout
    assert "2024/old" in done.stdout
    assert done.stdout.splitlines()[-1].startswith("2 of 5 pairs share at least 50%; look at ")
    assert (course.root / ".harness" / "similarity" / "blobs.html").exists()
    assert course.harness("audit", "similarity", "--task", "blob").returncode == 2


def test_the_code_of_a_notebook_is_compared_too(tmp_path: Path) -> None:
    cells = [{"cell_type": "code", "source": "x = 1\n"}, {"cell_type": "markdown", "source": "text"}]
    (tmp_path / "work.ipynb").write_text(json.dumps({"cells": cells}))
    (tmp_path / "helper.py").write_text("y = 2\n")
    assert _code(tmp_path) == "# work.ipynb, cell 1\nx = 1\n\n# helper.py\ny = 2\n\n"
    (tmp_path / "model.py").touch()
    assert "x = 1" not in _code(tmp_path)
