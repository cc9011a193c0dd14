"""A result that came through somebody else's hands."""

from __future__ import annotations

from pathlib import Path

import msgspec

from harness.ci._change import Change
from harness.ci._find import Range
from harness.ci._result import RESULT_VERSION, Problem, Result

MOST_BYTES = 8 << 20


def read_result(path: Path, commits: Range, change: Change) -> Result:
    """Return the result at `path` if it can be one of `change`; what is wrong with the change is found anew.

    A refused change shows no grade whatever the file says: its author may have changed what wrote the file.
    """
    found = _decode(path)
    if isinstance(found, str) or change.refused:
        return _nothing(commits, change, "" if change.refused else str(found))
    touched = {(one.name, one.task) for one in change.touched if one.how != "deleted"}
    graded = [(one.record.submission.name, one.record.task.name) for one in found.graded]
    if found.head != commits.head or len(set(graded)) < len(graded) or not set(graded) <= touched:
        return _nothing(commits, change, "the result is that of another change")
    return msgspec.structs.replace(
        found,
        base=commits.base,
        refused=change.refused,
        findings=change.findings,
        deleted=tuple(str(one) for one in change.touched if one.how == "deleted"),
    )


def _decode(path: Path) -> Result | str:
    try:
        with path.open("rb") as file:
            content = file.read(MOST_BYTES + 1)
        if len(content) > MOST_BYTES:
            return f"the result holds more than {MOST_BYTES:,} bytes"
        result = msgspec.json.decode(content, type=Result)
    except FileNotFoundError:
        return "the run left no result: look at its log"
    except (OSError, msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        return f"the result cannot be read ({error})"
    if result.result_version != RESULT_VERSION:
        return f"the result is of version {result.result_version}, expected {RESULT_VERSION}"
    return result


def _nothing(commits: Range, change: Change, problem: str) -> Result:
    who = next(iter(change.touched), None)
    told = Problem(name="" if who is None else who.name, task="" if who is None else who.task, message=problem)
    return Result(
        base=commits.base,
        head=commits.head,
        score_on="validation",
        isolation="",
        refused=change.refused,
        findings=change.findings,
        graded=(),
        deleted=tuple(str(one) for one in change.touched if one.how == "deleted"),
        problems=(told,) if problem else (),
    )
