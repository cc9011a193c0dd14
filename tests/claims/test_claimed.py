"""Claims of a submission are read from text and JSON; what cannot be read is reported in one line."""

from __future__ import annotations

import json

import pytest

from harness import metrics
from harness.claims import FoundClaims, claim_files, find_claims
from harness.notebooks import MAX_NOTEBOOK_BYTES
from tests.claims.made import notebook

pytestmark = pytest.mark.unit


def claimed(metric: str = "accuracy", **files: str | bytes) -> FoundClaims:
    """Return what is claimed by files; a name is written with _ for the dot."""
    contents = {
        name.replace("_", "."): text.encode() if isinstance(text, str) else text for name, text in files.items()
    }
    read = [(file, contents[file.name]) for file in claim_files(contents)]
    return find_claims(read, getattr(metrics, metric))


@pytest.mark.parametrize(
    ("line", "value", "low", "high"),
    [
        ("Claimed accuracy: 0.942", 0.942, 0.9415, 0.9425),
        ("claimed accuracy = 94.2 %", 0.942, 0.9415, 0.9425),
        ("- **Claimed test accuracy:** 94.2% on the test part", 0.942, 0.9415, 0.9425),
        ("| Claimed score: .94 |", 0.94, 0.935, 0.945),
        ("Claimed: 0.94.", 0.94, 0.935, 0.945),
        ("> Claimed accuracy: 9.42e-1", 0.942, 0.9415, 0.9425),
        ("Claimed accuracy: 1", 1, 0.995, 1),
        ("Claimed accuracy: 0.9415047334329846", 0.9415047334329846, 0.94150473, 0.94150474),
    ],
)
def test_a_line_of_the_readme_can_state_a_claim(line: str, value: float, low: float, high: float) -> None:
    found = claimed(README_md=f"# My model\r\n\n{line}\n")
    (one,) = found.claimed
    assert (one.source, one.line, found.unread) == ("README", 3, ())
    assert (one.value, one.low, one.high) == pytest.approx((value, low, high), abs=1e-8)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("Claimed accuracy: very good", "line 1: expected a number"),
        ("Claimed accuracy: 0,942", "line 1: expected a number"),
        ("Claimed accuracy: 94.2", "line 1: the number is not a possible value of accuracy, 0 to 1"),
        ("Claimed accuracy: nan", "line 1: expected a number"),
        ("Claimed accuracy: 1e999", "line 1: the number is not a"),
        ("Claimed accuracy: 0e999", "line 1: the number is not a"),
        ("Claimed macro F1: 0.9", "line 1: claims a score other than accuracy"),
        ("Claimed accuracy: 0.9\nClaimed accuracy: 0.8", "claims several values"),
        ("x" * (1 << 20) + "\nClaimed accuracy: 0.9", "larger than 1 MiB"),
    ],
)
def test_what_is_not_a_claim_is_reported_in_one_line(text: str, told: str) -> None:
    (line,) = claimed(README_md=text).unread
    assert told in line
    assert "\n" not in line
    assert "very good" not in line, "nothing that a student wrote is repeated"


def test_claims_beyond_the_limit_are_counted() -> None:
    told = claimed(README="Claimed accuracy: high\n" * 900).unread
    assert (len(told), told[-1]) == (6, "and 895 more lines like these")


@pytest.mark.parametrize(
    "text", ["", "We claimed nothing.", "Accuracy: 0.9", b"\xff\xfe\x00", "Claimed accuracy: 0." + "9" * 300]
)
def test_other_text_is_not_a_claim(text: str | bytes) -> None:
    assert claimed(README=text) == FoundClaims((), ())


@pytest.mark.parametrize(
    "told",
    [
        {"claimed": 0.942},
        {"claimed": "94.2 %"},
        {"claimed": {"accuracy": 0.942}, "epochs": 20},
        {"claimed": {"Test Accuracy": "0.942"}},
    ],
)
def test_results_json_can_state_a_claim(told: object) -> None:
    (one,) = claimed(results_json=json.dumps(told)).claimed
    assert (one.source, one.line, one.value) == ("results.json", None, 0.942)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("{", "results.json, line 1, cannot be read as JSON"),
        ('{"claimed": NaN}', "cannot be read as JSON"),
        (b"\xff", "cannot be read as JSON"),
        ("[" * 50_000, "cannot be read as JSON"),
        ('{"claimed": ' + "9" * 60_000 + "}", "expected a number"),
        ('{"claimed": 1e99999999}', "expected a number"),
        ('{"claimed": true}', "expected a number"),
        ('{"claimed": [0.9]}', "expected a number"),
        ('{"claimed": {"macro_f1": 0.9}}', "a score other than accuracy"),
        (" " * (64 << 10) + "{}", "larger than 64 KiB"),
    ],
)
def test_a_results_json_without_the_metric_is_reported(text: str | bytes, told: str) -> None:
    found = claimed(results_json=text)
    assert found.claimed == ()
    assert told in found.unread[0]


def test_other_results_are_not_a_claim() -> None:
    assert claimed(results_json='{"accuracy": 0.99}') == claimed(results_json="[1, 2]") == FoundClaims((), ())


def test_the_last_output_of_a_notebook_can_state_a_claim() -> None:
    said = notebook(["Claimed accuracy: 0.5\n"], [], ["epoch 9\n", "Claimed accuracy: 0.942\n"], None)
    (one,) = claimed(work_ipynb=said).claimed
    assert (one.source, one.value) == ("notebook", 0.942)
    result = {"output_type": "execute_result", "data": {"text/plain": ["'Claimed accuracy: 0.9'"], "image/png": "x"}}
    (one,) = claimed(work_ipynb=notebook(None, outputs=[result])).claimed
    assert one.value == 0.9


@pytest.mark.parametrize(
    "content", ["{", '{"cells": 3}', '{"cells": [{"cell_type": "code", "outputs": {}}]}', "[" * 999]
)
def test_a_notebook_that_cannot_be_read_is_reported(content: str) -> None:
    assert claimed(model_ipynb=content) == FoundClaims(
        (), ("the notebook, and therefore a claim in it, cannot be read",)
    )


def test_each_file_states_one_claim() -> None:
    found = claimed(README_md="Claimed: 0.9", results_json='{"claimed": 0.8}', work_ipynb=notebook(["Claimed: 70 %\n"]))
    assert [one.value for one in found.claimed] == [0.9, 0.8, 0.7]


def test_only_named_files_are_looked_at() -> None:
    names = ["README.md", "readme.TXT", ".README", "README.pdf", "Results.json", "a.ipynb", "b.ipynb", "model.py"]
    assert [file.name for file in claim_files(names)] == ["README.md", "Results.json"]
    assert [file.name for file in claim_files(["model.ipynb", "b.ipynb"])] == ["model.ipynb"]
    assert max(file.most_bytes for file in claim_files(["a.ipynb", "README"])) == MAX_NOTEBOOK_BYTES


def test_an_error_may_be_claimed_in_its_unit() -> None:
    (one,) = claimed("mean_absolute_error", README_md="Claimed mean absolute error: 11.3 mg/dL").claimed
    assert (one.value, one.low, one.high) == pytest.approx((11.3, 11.25, 11.35))
