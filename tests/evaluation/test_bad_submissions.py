"""Whatever a submission gets wrong becomes a record that says what, where, and what was expected."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from tests.classroom.bad import IN_CLASS, OTHERS, Bad
from tests.classroom.evaluated import Classroom, evaluate_bad

pytestmark = pytest.mark.line

Found = tuple[str, Bad, dict[str, Any]]
"""Its name, what is wrong with it, and its record."""


@pytest.fixture(scope="module")
def others(tmp_path_factory: pytest.TempPathFactory) -> Classroom:
    """Evaluate those that are not in the class, in a class of their own."""
    return evaluate_bad(tmp_path_factory.mktemp("others"), OTHERS)


def holds_of(evaluated: Classroom, bad: dict[str, Bad]) -> None:
    """Hold the records of the `bad` ones to what is said of them."""
    found = [(name, one, evaluated.record(name, one.task)) for name, one in bad.items()]
    the_record_names_what_is_wrong(found)
    the_students_own_line_is_blamed(found)
    what_was_not_reached_is_null(found)


def test_every_failure_in_the_class_is_recorded_as_expected(classroom: Classroom) -> None:
    holds_of(classroom, IN_CLASS)


@pytest.mark.thorough
def test_every_rarer_failure_is_recorded_as_expected(others: Classroom) -> None:
    holds_of(others, OTHERS)


def the_record_names_what_is_wrong(found: list[Found]) -> None:
    said = {name: (record["status"], record["failure"]) for name, _, record in found}
    assert [name for name, (status, _) in said.items() if status != "failed"] == []
    kinds = {name: f"{failure['kind']} in {failure['phase']}" for name, (_, failure) in said.items()}
    assert kinds == {name: bad.failure for name, bad, _ in found}
    messages = {name: failure["message"] for name, (_, failure) in said.items()}
    assert [
        (name, words, messages[name]) for name, bad, _ in found for words in bad.says if words not in messages[name]
    ] == []


def the_students_own_line_is_blamed(found: list[Found]) -> None:
    blamed_wrongly = {}
    for name, bad, record in found:
        told = (record["failure"]["file"], record["failure"]["line"])
        blamed = bad.blamed and Path("submissions", name, bad.task, bad.blamed).as_posix()
        lines = (bad.source or "").splitlines() if bad.blamed == "model.py" else ["", "x  # here"]
        marked = [number for number, line in enumerate(lines, 1) if line.endswith("# here")]
        if not (told == (blamed, marked[0]) if marked else told[0] in (None, blamed)):
            blamed_wrongly[name] = told
    assert blamed_wrongly == {}


def what_was_not_reached_is_null(found: list[Found]) -> None:
    for name, bad, record in found:
        assert record["scores"] == [] or bad.failure.endswith("in measure"), name
        assert record["cost"]["latency"] is None, name
        assert (record["baseline"]["met"] is None) == (record["scores"] == []), name
        reached = record["cost"]["parameters"] is not None
        assert reached == (record["failure"]["phase"] in ("load", "predict", "measure")), name


def test_the_log_shows_the_students_frames_and_none_of_ours(classroom: Classroom) -> None:
    log = classroom.record("fit-raises", "tight")["failure"]["log_tail"]
    assert re.search(r'File "model.py", line \d+, in fit', log)
    assert "harness/" not in log
