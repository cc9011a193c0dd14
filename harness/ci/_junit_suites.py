"""The result of a change as test suites."""

from __future__ import annotations

from harness.ci._ci_result import Result
from harness.export.junit import Case, ReportedCheck, Suite, suites_of


def junit_suites(result: Result) -> list[Suite]:
    """Return the test suites of the result: one for each record, and one for problems of the change itself."""
    wrong = [
        Case(
            classname="change",
            check=ReportedCheck(name=finding.path, outcome="failed", kind="outside", message=finding.message),
        )
        for finding in result.findings
        if finding.severity == "error"
    ]
    wrong += [
        Case(
            classname=f"{problem.task}.{problem.name}",
            check=ReportedCheck(name="evaluated", outcome="error", kind="infrastructure", message=problem.message),
        )
        for problem in result.problems
    ]
    own = [Suite(name="change", cases=tuple(wrong))] if wrong else []
    return [*own, *suites_of(graded.record for graded in result.graded)]
