"""``harness tasks`` in a narrow terminal."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from harness.terminal.shown_tasks import TaskRow, print_tasks

pytestmark = pytest.mark.unit

ROWS = [
    TaskRow("medical_abstracts", "classification", "macro_f1", "≥ 0.59 (local), ≥ 0.75 (embedded)", "Five kinds"),
    TaskRow("usps", "classification", "accuracy", "≥ 0.94 (canonical)", "Digits"),
]


def printed(width: int, *, terminal: bool = True) -> list[str]:
    file = io.StringIO()
    out = Console(file=file, width=width, force_terminal=terminal, color_system=None, soft_wrap=True)
    print_tasks(out, ROWS)
    return file.getvalue().splitlines()


def test_nothing_is_cut_and_no_line_is_wider_than_the_terminal() -> None:
    lines = printed(60)
    assert max(map(len, lines)) <= 60
    words = " ".join(lines).split()
    assert all(word in words for row in ROWS for field in row for word in field.split() if word != "classification")


def test_a_wide_terminal_and_a_pipe_get_a_table() -> None:
    assert printed(200) == printed(60, terminal=False)
    assert printed(200)[0].split() == ["task", "kind", "metric", "baseline", "title"]
