"""The page of results is made of records and published figures, and of nothing else."""

from __future__ import annotations

import importlib.util
import json
import tomllib
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from tests.conftest import REPOSITORY


@pytest.fixture(scope="module")
def page() -> ModuleType:
    import sys

    spec = importlib.util.spec_from_file_location("_docs_results", REPOSITORY / "docs" / "results.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def record(
    name: str = "reference/net", source: str = "local", started: str = "2026-01-01", **more: Any
) -> dict[str, Any]:
    value = more.pop("value", 0.9)
    score = {"name": "accuracy", "value": value, "low": value - 0.02, "high": value + 0.02, "primary": True,
             "higher_is_better": more.pop("higher", True)}  # fmt: skip
    auc = score | {"name": "auc", "value": 0.95, "primary": False}
    return {
        "task": {"name": "digits", "source": source, "scored_on": "test"} | more,
        "submission": {"name": name},
        "status": "below_baseline",
        "scores": [score, auc],
        "cost": {"parameters": 1234, "cpu_seconds": 7.4},
        "run": {"started": started, "repeats": more.pop("repeats", [])},
    }


FIGURES = """
[[figure]]
task = "digits"
reference = "net"
metric = "accuracy"
value = 0.925
source = "Somebody 2020"

[[figure]]
task = "digits"
metric = "accuracy"
value = 0.5
source = "the course"
"""


def rows(page: ModuleType, folder: Path) -> list[list[str]]:
    figures = folder / "published.toml"
    figures.write_text(FIGURES)
    text = page.page(page.read([folder]), page.published(figures), {})
    lines = [line for line in text.splitlines() if line.startswith("|") and "---" not in line]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def test_a_score_stands_beside_its_published_figure_and_the_difference(page: ModuleType, tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(json.dumps(record()))
    assert rows(page, tmp_path)[1] == [
        "net", "accuracy", "0.900 ± 0.020", "0.925", "-0.025", "below baseline", "1,234", "7 s",
    ]  # fmt: skip


def test_a_method_without_a_published_figure_gets_that_of_the_task(page: ModuleType, tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(json.dumps([record("reference/other")]))
    assert rows(page, tmp_path)[1][3:5] == ["0.500", "+0.400"]


def test_embedded_data_is_shown_apart_and_not_subtracted_from(page: ModuleType, tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(json.dumps([record(), record(source="embedded", value=0.7)]))
    table = rows(page, tmp_path)
    assert [row[0] for row in table] == ["method", "net", "method", "net"]
    assert table[3][2:5] == ["0.700 ± 0.020", "0.925", "·"]


def test_the_newest_record_counts_in_whichever_folder_it_is(page: ModuleType, tmp_path: Path) -> None:
    (tmp_path / "digits" / "reference").mkdir(parents=True)
    (tmp_path / "digits" / "reference" / "net.json").write_text(json.dumps(record(started="2026-01-03", value=0.93)))
    history = [record(started=f"2026-01-0{day}", value=day / 10) for day in (1, 2)]
    (tmp_path / "digits" / "reference" / "net.history.jsonl").write_text("\n".join(map(json.dumps, history)))
    assert [row[2] for row in rows(page, tmp_path)[1:]] == ["0.930 ± 0.020"]


def test_a_record_of_five_seeds_is_preferred_to_a_newer_one(page: ModuleType, tmp_path: Path) -> None:
    five = [{"seed": seed, "value": 0.88} for seed in range(5)]
    found = [record(value=0.88, repeats=five), record(started="2026-02-01", value=0.91, repeats=five[:1])]
    (tmp_path / "a.json").write_text(json.dumps(found))
    assert [row[1:3] for row in rows(page, tmp_path)[1:]] == [["accuracy (mean of 5 seeds)", "0.880 ± 0.020"]]


def test_the_best_comes_first(page: ModuleType, tmp_path: Path) -> None:
    found = [record("reference/a", value=0.6), record("alice", value=0.8), record("reference/b", value=0.7)]
    (tmp_path / "a.json").write_text(json.dumps(found))
    assert [row[0] for row in rows(page, tmp_path)[1:]] == ["alice", "b", "a"]


def test_a_mean_over_seeds_says_so(page: ModuleType, tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(json.dumps(record(repeats=[{"seed": 1}, {"seed": 2}], scored_on="validation")))
    assert rows(page, tmp_path)[1][1] == "accuracy (validation, mean of 2 seeds)"


def test_where_lower_is_better_the_lowest_comes_first(page: ModuleType, tmp_path: Path) -> None:
    found = [record("reference/a", value=0.6, higher=False), record("reference/b", value=0.5, higher=False)]
    (tmp_path / "a.json").write_text(json.dumps(found))
    assert [row[0] for row in rows(page, tmp_path)[1:]] == ["b", "a"]


def test_an_account_takes_its_figures_from_the_records(page: ModuleType, tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(json.dumps([record(), record("alice", source="embedded", value=0.7)]))
    said = tmp_path / "accounts.toml"
    said.write_text('digits = "net: {real/net/auc}, Alice: {embedded/alice/accuracy}"')
    found = page.read([tmp_path])
    text = page.page(found, [], page.accounts(said, found))
    assert "## digits\n\nnet: 0.950 ± 0.020, Alice: 0.700 ± 0.020\n\n### real data" in text
    said.write_text('digits = "{real/alice/accuracy}"')
    with pytest.raises(KeyError, match="real/alice/accuracy"):
        page.accounts(said, found)


def test_every_published_figure_is_of_an_existing_task_and_metric() -> None:
    from harness.course import Course

    course = Course(REPOSITORY)
    for figure in tomllib.loads((REPOSITORY / "docs" / "published.toml").read_text())["figure"]:
        if figure["task"] in course.task_names():
            task = course.task(figure["task"])
            assert figure["metric"] in {metric.name for metric in task.metrics} | {"auc", "log_loss"}
            if "reference" in figure:
                assert (REPOSITORY / "reference" / figure["reference"] / task.name / "model.py").exists()


def test_the_page_in_the_repository_is_what_the_command_writes(page: ModuleType) -> None:
    found, docs = page.read(page.DEFAULT), REPOSITORY / "docs"
    text = page.page(found, page.published(docs / "published.toml"), page.accounts(docs / "accounts.toml", found))
    assert (REPOSITORY / "docs" / "results.md").read_text() == text
