"""The statements of the page for students are true."""

from __future__ import annotations

import re
from pathlib import PurePosixPath

from harness.evaluation._roles import CONTRACT, role_of
from tests.conftest import REPOSITORY, TemporaryCourse

PAGE = (REPOSITORY / "docs" / "students.md").read_text(encoding="utf-8")


def test_the_class_on_the_page_passes(course: TemporaryCourse) -> None:
    model, _ = re.findall(r"```python\n(import numpy.*?)```", PAGE, re.DOTALL)  # the second is tried by test_readme
    course.submit(model)
    done = course.harness("check", "submissions/bob")
    assert done.stdout.splitlines()[-1] == "12 passed, 1 skipped: rules (task blobs has none)"
    assert course.evaluate(model)["status"] == "passed"


def test_page_and_contract_say_alike_what_a_model_may_read() -> None:
    assert CONTRACT.lower() in " ".join(PAGE.split()).lower()


def test_the_table_of_files_matches_how_they_are_treated() -> None:
    found: dict[str, set[str]] = {}
    section = PAGE.partition("## Other files")[2].partition("\n## ")[0]
    for names, done in re.findall(r"^\| ([*`].*?) \| (\w+)", section, re.MULTILINE):
        for name in re.findall(r"`([^`]+)`", names):
            path = PurePosixPath(name.replace("README*", "README").replace("*", "x").replace("…", "a"))
            found.setdefault(done, set()).add(role_of(path / "a.npy" if name == "weights/" else path))
    assert found == {"shown": {"source", "shipped"}, "kept": {"document"}, "set": {"trained"}, "what": {"weights"}}
