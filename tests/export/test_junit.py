"""JUnit XML is valid for any text that a student wrote."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import get_args
from xml.etree import ElementTree

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from harness.errors import FailureKind, Phase
from harness.export import NAMES, ReportedCheck, checks_of
from harness.export.junit import Case, Suite, junit_xml, suites_of
from harness.text import neutral
from tests.records import RECORD, changed, failing


@cache
def schema():
    from xmlschema import XMLSchema

    return XMLSchema(Path(__file__).with_name("junit.xsd"))


def outcomes(record):
    return {check.name: check.outcome for check in checks_of(record)}


def read(records):
    xml = junit_xml(suites_of(records))
    schema().validate(xml.decode())
    return ElementTree.fromstring(xml)


def test_a_pass_passes_every_check():
    assert outcomes(RECORD) == dict.fromkeys(NAMES, "passed")
    suite = read([RECORD]).find("testsuite")
    assert suite.get("name") == "blobs"
    assert suite.get("tests") == str(len(NAMES))
    assert suite.get("time") == "3.000"
    assert {case.get("classname") for case in suite.iter("testcase")} == {"blobs.bob"}


def test_below_the_baseline_is_one_failure():
    record = changed(status="below_baseline", baseline={"met": False, "value": 0.95})
    assert outcomes(record) == dict.fromkeys(NAMES, "passed") | {"beats baseline": "failed"}
    (failure,) = read([record]).iter("failure")
    assert failure.get("type") == "below_baseline"
    assert failure.get("message") == "accuracy 0.9000, baseline 0.95"


@pytest.mark.parametrize(
    ("kind", "phase", "culprit", "outcome", "passed"),
    [
        ("invalid_submission", "import", "loads", "error", []),
        ("fit_error", "fit", "trains", "error", ["loads"]),
        ("save_error", "save", "trains", "error", ["loads"]),
        ("predict_error", "predict", "predicts", "error", ["loads", "trains"]),
        ("predict_error", "measure", "predicts", "error", ["loads", "trains"]),
        ("bad_predictions", "predict", "contract", "failed", ["loads", "trains"]),
        ("rule_violation", "audit", "contract", "failed", ["loads", "trains", "predicts"]),
        ("timeout", "fit", "within the time limits", "error", ["loads"]),
        ("out_of_memory", "fit", "within the memory limit", "error", ["loads"]),
        ("resource_limit", "save", "within the other limits", "failed", ["loads"]),
    ],
)
def test_a_failure_is_one_failed_check_and_skips_the_later_ones(kind, phase, culprit, outcome, passed):
    found = outcomes(failing(kind, phase))
    assert found.pop(culprit) == outcome
    assert [name for name, one in found.items() if one == "passed"] == passed
    assert {one for name, one in found.items() if name not in passed} == {"skipped"}


def test_every_failure_appears_exactly_once():
    pairs = [(kind, phase) for kind in get_args(FailureKind) for phase in get_args(Phase)]
    found = {pair: list(outcomes(failing(*pair)).values()) for pair in pairs}
    shown = {pair: each.count("error") + each.count("failed") for pair, each in found.items()}
    assert shown == dict.fromkeys(pairs, 1)


def test_a_loaded_model_has_no_check_of_training():
    assert "trains" not in outcomes(changed(submission={"mode": "loaded"}))


def test_counts_are_those_of_the_cases():
    suite = read([failing("fit_error", "fit", log_tail="last words")]).find("testsuite")
    assert suite.get("errors") == str(len(list(suite.iter("error")))) == "1"
    assert suite.get("skipped") == str(len(list(suite.iter("skipped")))) == "6"
    assert suite.get("failures") == "0"
    assert suite.findtext("system-out") == "last words"
    assert "submissions/bob/blobs/model.py:7: no" in [error.get("message") for error in suite.iter("error")]


def test_no_records_are_a_valid_report():
    assert list(read([])) == []


written = st.text(st.one_of(st.sampled_from("<>&\"']]>\0\x0b\ufffe\ud800\r\n"), st.characters()))


@given(written, written, written)
@example("<a b='\"'/>]]>", "</system-out>&\0\ud800", '"<x>&')
def test_text_cannot_break_the_xml(message, log, file):
    root = read([failing(message=message, log_tail=log, file=file or None)])
    suite = root.find("testsuite")
    assert {element.tag for element in suite} <= {"properties", "testcase", "system-out"}
    assert len(list(suite.iter("testcase"))) == len(NAMES)
    if neutral(log).strip():
        assert suite.findtext("system-out").split() == neutral(log).split()


@given(written, written)
@example('"<x>&\0', "<a b='\"'/>]]>")
def test_text_cannot_break_the_xml_of_a_single_case(path, message):
    check = ReportedCheck(name=path, outcome="failed", kind="outside", message=message)
    xml = junit_xml([Suite(name="change", cases=(Case(classname="change", check=check),))])
    schema().validate(xml.decode())
    assert [case.get("name") for case in ElementTree.fromstring(xml).iter("testcase")] == [neutral(path)]
