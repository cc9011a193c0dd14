"""The board fits a terminal of 80 columns and cuts nothing, for any metrics and names."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from harness.cli._leaderboard import _show
from harness.leaderboard import build, short_table
from harness.record import EvidenceStore, Record, Score
from tests.records import changed

pytestmark = pytest.mark.unit

METRICS = (
    "sensitivity_of_1_at_specificity_0.9",
    "accuracy",
    "auc",
    "macro_f1",
    "sensitivity_of_1_at_0.5",
    "specificity_of_1_at_0.5",
    "pr_auc_of_1",
)
NAMES = ("ann", "a-name-of-sixty-four-characters-which-is-the-most-that-is-allowed")


def record(name: str, value: float, first: str) -> Record:
    scores = tuple(
        Score(name=metric, value=value, low=value - 0.01, high=value + 0.01, higher_is_better=True, unit="",
              primary=metric == first)
        for metric in (first, *(one for one in METRICS if one != first))
    )  # fmt: skip
    return changed(
        submission={"name": name}, scores=scores, baseline={"metric": first}, cost={"parameters": 123_456_789}
    )


@pytest.mark.parametrize("first", METRICS)
def test_seven_metrics_are_readable_at_80_columns(tmp_path, first: str) -> None:
    board = build(
        [record(name, 0.9123 - 0.01 * place, first) for place, name in enumerate(NAMES)], EvidenceStore(tmp_path)
    )
    shown = io.StringIO()
    _show(Console(file=shown, width=80, force_terminal=False), board)
    lines = shown.getvalue().splitlines()
    assert max(map(len, lines)) <= 80
    assert "…" not in shown.getvalue()
    for row in short_table(board.groups[0]).rows:
        for cell in (*row[:1], *row[2:]):  # a name may be continued on the next line
            assert any(cell in line for line in lines), cell
    assert all(any(name[:12] in line for line in lines) for name in NAMES)
