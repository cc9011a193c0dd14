"""Write JUnit XML, with a suite for each task and a case for each check."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from xml.etree import ElementTree

from harness.export._reported_checks import ReportedCheck, checks_of
from harness.record import Record
from harness.text import neutral

__all__ = ["Case", "ReportedCheck", "Suite", "junit_xml", "suites_of"]

_ELEMENTS = {"failed": "failure", "error": "error", "skipped": "skipped"}


@dataclass(frozen=True, kw_only=True)
class Case:
    """One case of a suite that is not a check of a record."""

    classname: str
    check: ReportedCheck


@dataclass(frozen=True, kw_only=True)
class Suite:
    """Cases under one name, with the text that was printed meanwhile."""

    name: str
    cases: tuple[Case, ...]
    started: str = ""
    properties: tuple[tuple[str, str], ...] = ()
    log: str = ""


def suites_of(records: Iterable[Record]) -> list[Suite]:
    """Return a suite for each record, named by its task; the class name is ``<task>.<submission>``."""
    return [_suite(record) for record in records]


def junit_xml(suites: Sequence[Suite]) -> bytes:
    """Return `suites` as XML 1.0; control characters in a student's text are made visible."""
    root = ElementTree.Element("testsuites")
    for suite in suites:
        _add_suite(root, suite)
    ElementTree.indent(root)
    xml: bytes = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
    return xml + b"\n"


def _suite(record: Record) -> Suite:
    score = record.primary
    classname = f"{record.task.name}.{record.submission.name}"
    facts = {
        "status": record.status,
        "scored_on": record.task.scored_on,
        "mode": record.submission.mode,
        "isolation": record.run.isolation.level,
        **({} if score is None else {score.name: f"{score.value:.6g}"}),
    }
    return Suite(
        name=record.task.name,
        cases=tuple(Case(classname=classname, check=check) for check in checks_of(record)),
        started=record.run.started,
        properties=tuple(facts.items()),
        log="" if record.failure is None else record.failure.log_tail,
    )


def _add_suite(root: ElementTree.Element, suite: Suite) -> None:
    outcomes = [case.check.outcome for case in suite.cases]
    attributes = {
        "name": suite.name,
        "tests": str(len(outcomes)),
        "failures": str(outcomes.count("failed")),
        "errors": str(outcomes.count("error")),
        "skipped": str(outcomes.count("skipped")),
        "time": f"{sum(case.check.seconds for case in suite.cases):.3f}",
    }
    if suite.started:
        attributes["timestamp"] = suite.started.removesuffix("+00:00")
    element = ElementTree.SubElement(root, "testsuite", _shown(attributes))
    properties = ElementTree.SubElement(element, "properties")
    for name, value in suite.properties:
        ElementTree.SubElement(properties, "property", _shown({"name": name, "value": value}))
    for case in suite.cases:
        _add_case(element, case)
    if suite.log:
        ElementTree.SubElement(element, "system-out").text = neutral(suite.log)


def _add_case(suite: ElementTree.Element, case: Case) -> None:
    check = case.check
    attributes = {"name": check.name, "classname": case.classname, "time": f"{check.seconds:.3f}"}
    element = ElementTree.SubElement(suite, "testcase", _shown(attributes))
    if check.outcome in _ELEMENTS:
        inner = ElementTree.SubElement(element, _ELEMENTS[check.outcome], _shown({"message": check.message}))
        if check.outcome != "skipped":
            inner.set("type", neutral(check.kind))
            inner.text = neutral(check.message)


def _shown(attributes: dict[str, str]) -> dict[str, str]:
    return {name: neutral(value) for name, value in attributes.items()}
