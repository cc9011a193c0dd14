"""The full matrix, when it is asked for: ``pytest tests/hostile -m matrix``; it writes ``docs/attacks.md``."""

from __future__ import annotations

import os
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from harness.sandbox import Level
from tests.hostile._cases import by_name, cases
from tests.hostile._matrix import HELD, NOT_HELD, NOT_RUN, Cell, Column, besiege, page, table
from tests.hostile._world import Host

COMMAND = "HARNESS_TEST_USER_PYTHON=/path/to/python pytest tests/hostile -m matrix"
ORDINARY = 61_150
"""A uid of nobody's: what is sent to all its processes reaches no others."""
STRONG = [Level.NAMESPACES_CGROUP, Level.NAMESPACES]


def hosts() -> list[Host]:
    """Return as whom the harness can be run here; an ordinary user's interpreter must be readable to that user."""
    if os.geteuid() != 0:
        return [Host("ordinary user")]
    python = os.environ.get("HARNESS_TEST_USER_PYTHON")
    return [Host("root"), *([Host("ordinary user", ORDINARY, python)] if python else [])]


def may_be_let_loose(host: Host, level: Level) -> bool:
    """Return whether `level` may be tried as `host`: who kills everybody must not be let loose on a person."""
    return level >= Level.LANDLOCK or os.geteuid() == 0


@pytest.mark.matrix
@pytest.mark.timeout(0)
def test_no_attack_succeeds_at_the_two_namespace_levels():
    attacks, pairs, honest = cases("attacks"), cases("pairs"), cases("unusual")
    columns: list[Column] = []
    for level in sorted(Level, reverse=True):
        those = [host for host in hosts() if may_be_let_loose(host, level)]
        with ThreadPoolExecutor(len(those) or 1) as pool:
            columns += pool.map(lambda host, level=level: besiege(host, level, [*attacks, *honest], pairs), those)
        page().parent.mkdir(exist_ok=True)
        page().write_text(table(columns, attacks, pairs, honest, COMMAND))
        print(f"{level.value} is done", file=sys.__stderr__, flush=True)
    strong = [column for column in columns if column.level in STRONG and not column.note]
    broken = [
        (column.host, column.level.value, case.name, column.cells[case.name].why)
        for column in strong
        for case in (*attacks, *pairs, *honest)
        if column.cells[case.name].word != HELD and not case.known_at(column.level.value)
    ]
    assert broken == []
    assert {column.left for column in strong} <= {"nothing"}


@pytest.mark.smoke
@pytest.mark.parametrize("case", cases("attacks")[:1], ids=by_name)
def test_the_table_says_held_only_for_cells_that_were_run(case):
    ran = Column("root", Level.NAMESPACES, {case.name: Cell(HELD)}, "nothing")
    broken = Column("root", Level.RLIMITS, {case.name: Cell(NOT_HELD, "it got `x`\n| y")}, "1 process")
    absent = Column("root", Level.LANDLOCK, {case.name: Cell(NOT_RUN)}, NOT_RUN, "it cannot be had")
    text = table([ran, absent, broken], [case], [], [], COMMAND)
    assert f"| {case.name} | {case.tries} | held | not run | **not held** |" in text
    assert "| **held** | | 1 of 1 | not run | 0 of 1 |" in text
    assert "landlock, root was not run: it cannot be had" in text
    assert f"- {case.name}, rlimits, root: it got 'x' / y" in text


@pytest.mark.smoke
def test_the_page_lists_exactly_the_existing_attacks():
    """Run the matrix again after adding one."""
    text = page().read_text()
    assert [
        case.name for case in cases("attacks", "pairs", "unusual") if f"| {case.name} | {case.tries} |" not in text
    ] == []
