"""The harness works, forks its workers and isolates as well as the kernel can, wherever and however it is installed."""

from __future__ import annotations

import os

import pytest

from tests.places._cells import USERS, covering, every, pairs_of
from tests.places._site import laid_out

CELLS = every(USERS if os.geteuid() == 0 else USERS[1:])
SOME = covering(CELLS)
REST = [cell for cell in CELLS if cell not in SOME]
MARKS = {cell: [pytest.mark.line, *([pytest.mark.thorough] if SOME.index(cell) > 0 else [])] for cell in SOME}


@pytest.mark.unit
@pytest.mark.parametrize("users", [USERS, USERS[1:]])
def test_every_pair_of_values_is_covered_except_place_and_folder(users):
    cells = every(users)
    assert pairs_of(covering(cells)) == pairs_of(cells)
    assert len(covering(cells)) < 15
    assert len(set(covering(cells))) == len(covering(cells))


@pytest.mark.parametrize(
    "cell", [pytest.param(cell, marks=MARKS.get(cell, pytest.mark.slow)) for cell in (*SOME, *REST)], ids=str
)
def test_commands_work_where_people_install_them(cell, python_of, level_of, layers):
    best = level_of(cell)
    with laid_out(cell, python_of(cell), layers) as site:
        ended = site.run(*commands_of(cell, site))
    for done in ended:
        assert done.code == 0, done
        assert done.stderr == "", done
    first, second = ended
    assert f"isolation: {best} " in second.stdout, second
    if cell.role == "student":
        assert "workers are forked" in first.stdout, first
        assert f"ready: isolation {best}\n" in first.stdout, first
        assert "passed: bob" in second.stdout, second
    else:
        assert " failed" not in first.stdout, first
        assert "graded: 1 of 1" in second.stdout, second


def commands_of(cell, site):
    submissions = site.course / "submissions"
    if cell.role == "student":
        return ("doctor",), ("evaluate", str(submissions / "bob"))
    return ("check", str(submissions / "bob")), ("grade", str(submissions), "--data", "embedded", "--force")
