"""Whatever a submission gets wrong becomes a record that says what, where, and what was expected."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.classroom.bad import BAD, Bad
from tests.classroom.evaluated import Classroom

pytestmark = pytest.mark.line


def bad_ones(classroom: Classroom) -> Iterator[tuple[str, Bad, dict[str, Any]]]:
    for name, bad in BAD.items():
        yield name, bad, classroom.record(name, bad.task)


def test_what_is_wrong_is_named_in_the_record(classroom: Classroom) -> None:
    said = {name: (record["status"], record["failure"]) for name, _, record in bad_ones(classroom)}
    assert [name for name, (status, _) in said.items() if status != "failed"] == []
    kinds = {name: f"{failure['kind']} in {failure['phase']}" for name, (_, failure) in said.items()}
    assert kinds == {name: bad.failure for name, bad in BAD.items()}
    messages = {name: failure["message"] for name, (_, failure) in said.items()}
    assert [
        (name, words, messages[name]) for name in BAD for words in BAD[name].says if words not in messages[name]
    ] == []


def test_the_students_own_line_is_blamed_where_there_is_one(classroom: Classroom) -> None:
    blamed_wrongly = {}
    for name, bad, record in bad_ones(classroom):
        told = (record["failure"]["file"], record["failure"]["line"])
        blamed = bad.blamed and Path("submissions", name, bad.task, bad.blamed).as_posix()
        lines = (bad.source or "").splitlines() if bad.blamed == "model.py" else ["", "x  # here"]
        marked = [number for number, line in enumerate(lines, 1) if line.endswith("# here")]
        if not (told == (blamed, marked[0]) if marked else told[0] in (None, blamed)):
            blamed_wrongly[name] = told
    assert blamed_wrongly == {}


def test_a_failure_leaves_what_was_not_reached_null(classroom: Classroom) -> None:
    for name, bad, record in bad_ones(classroom):
        assert record["scores"] == [] or bad.failure.endswith("in measure"), name
        assert record["cost"]["latency"] is None, name
        assert (record["baseline"]["met"] is None) == (record["scores"] == []), name
        reached = record["cost"]["parameters"] is not None
        assert reached == (record["failure"]["phase"] in ("load", "predict", "measure")), name


def test_the_log_shows_the_students_frames_and_none_of_ours(classroom: Classroom) -> None:
    log = classroom.record("fit-raises", "tight")["failure"]["log_tail"]
    assert re.search(r'File "model.py", line \d+, in fit', log)
    assert "harness/" not in log
