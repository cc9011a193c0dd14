"""Read a result file, which somebody else may have written or changed."""

from __future__ import annotations

from pathlib import Path

import msgspec

from harness.ci._change import Change
from harness.ci._ci_result import RESULT_VERSION, FileFinding, Problem, Result
from harness.ci._ci_run import without_grades
from harness.ci._find import Range

MOST_BYTES = 8 << 20


def read_result(path: Path, commits: Range, change: Change) -> Result:
    """Return the result at `path` if it can belong to `change`, with the findings about the change computed again.

    A refused change gets no grade, whatever the file says, because its author may have changed the program that wrote
    the file. The same is true of a change to the workflow, the harness or tasks, regardless of its author.
    """
    bare = without_grades(commits, change, "validation")
    if change.refused:
        return bare
    if change.decides is not None:
        message = (
            "this file may influence grading, and the run used the changed file, so no result of this change is "
            "shown: hand in submissions in a separate change"
        )
        finding = FileFinding(severity="error", path=change.decides, line=None, message=message)
        return msgspec.structs.replace(bare, refused=True, findings=(finding, *bare.findings))
    found = _decode(path)
    if isinstance(found, str):
        return _with_problem(bare, change, found)
    touched = {(one.name, one.task) for one in change.wanted}
    graded = [(one.record.submission.name, one.record.task.name) for one in found.graded]
    if found.head != commits.head or len(set(graded)) < len(graded) or not set(graded) <= touched:
        return _with_problem(bare, change, "the result belongs to another change")
    return msgspec.structs.replace(found, base=bare.base, findings=bare.findings, deleted=bare.deleted)


def _decode(path: Path) -> Result | str:
    try:
        with path.open("rb") as file:
            content = file.read(MOST_BYTES + 1)
        if len(content) > MOST_BYTES:
            return f"the result holds more than {MOST_BYTES:,} bytes"
        result = msgspec.json.decode(content, type=Result)
    except FileNotFoundError:
        return "the run wrote no result: read its log"
    except (OSError, msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        return f"the result cannot be read ({error})"
    if result.result_version != RESULT_VERSION:
        return f"the result has version {result.result_version}, expected {RESULT_VERSION}"
    return result


def _with_problem(bare: Result, change: Change, problem: str) -> Result:
    names = ", ".join(str(one) for one in change.wanted)
    return msgspec.structs.replace(bare, problems=(Problem(name=names, task="", message=problem),))
