"""The commands of each page, run in their order, do what the page says; the Python on it runs as well."""

from __future__ import annotations

import csv
import os
import re
import shutil
import subprocess
import sys
import textwrap
import tomllib
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tests.conftest import PATIENCE, REPOSITORY
from tests.docs.pages import NOT_RUN, PAGES, PageWalk, blocks, code_blocks, why_not_run

DOCS = REPOSITORY / "docs"
IDENTITY = "[user]\nname = Reader\nemail = reader@example.org\n[init]\ndefaultBranch = main\n"


def model_of_page(heading: str, page: str = "students.md") -> str:
    """The Python below a heading."""
    text = (DOCS / page).read_text(encoding="utf-8").partition(f"\n## {heading}\n")[2]
    found = re.search(r"```python\n(.*?)```", text, re.DOTALL)
    assert found, heading
    return found[1]


def readme(walk: PageWalk) -> None:
    for part in ("tasks/usps", "submissions/alice/usps"):  # alice's other tasks are trained by other tests
        shutil.copytree(REPOSITORY / part, walk.where / part, ignore=shutil.ignore_patterns("__pycache__"))
    said = walk.block()
    sample = next(text for _, text in blocks(walk.page) if text.startswith("isolation:"))
    rows = re.findall(r"^  ([a-z_0-9]+(?: by)?) {2,}", sample, re.MULTILINE)
    shown = re.findall(r"^  ([a-z_0-9]+(?: by)?) {2,}", said.partition("alice · usps")[2], re.MULTILINE)
    assert len(rows) >= 9
    assert [row for row in shown if row in rows] == rows
    assert said.splitlines()[-1].startswith("passed: alice · usps: accuracy 0.9")


def ci(walk: PageWalk) -> None:
    walk.block()
    subprocess.run(["git", "init", "-q", "--bare", "../remote.git"], cwd=walk.where, check=True)
    subprocess.run(["git", "remote", "add", "origin", "../remote.git"], cwd=walk.where, check=True)
    walk.block()
    said = walk.block()
    assert "0 passed, 1 below baseline, 0 failed" in said
    walk.course.harness("tasks", "add", "usps")


def two_measurements(path: Path) -> None:
    """Write a table from which a task can be made: two numbers, and whether somebody stays on the ward."""
    rows = np.random.default_rng(0).normal(size=(180, 2))
    table = ["a,b,outcome", *(f"{a:.3f},{b:.3f},{'ward' if a + b > 0 else 'home'}" for a, b in rows)]
    path.write_text("\n".join(table))


def give_points(course: Path, task: str) -> str:
    points = "points=((0.5, 0), (0.8, 6), (0.9, 10))"
    declaration = course / "tasks" / task / "task.py"
    declaration.write_text(declaration.read_text().replace("    metrics=(", f"    {points},\n    metrics=("))
    return points


def grading(walk: PageWalk) -> None:
    first = walk.course.add_task()  # a course has a task; this one has no part in what follows
    (walk.where / "course.toml").write_text('timezone = "Europe/Berlin"\n')
    two_measurements(walk.where / "table.csv")
    assert walk.course.harness("new", "task", "usps", "--from", "table.csv").returncode == 0
    give_points(walk.where, "usps")
    shutil.rmtree(first.parent)
    (walk.where / "roster.csv").write_text("submission,name,email\nann,Ann Ark,ann@example.org\n")
    header = 'Identifier,"Full name","Email address",Status,Grade,"Maximum Grade","Last modified (submission)"\n'
    line = 'Participant 77,"Ann Ark",ann@example.org,"Submitted for grading",,10.00,"Friday, 2 January 2026, 3:04 PM"\n'
    (walk.where / "worksheet.csv").write_text(header + line)
    with zipfile.ZipFile(walk.where / "bulk.zip", "w") as archive:
        archive.writestr("Ann Ark_77_assignsubmission_file/model.py", model_of_page("The class"))
    walk.block()
    uploaded = (walk.where / "upload.csv").read_text().splitlines()
    assert float(next(csv.reader([uploaded[1]]))[4]) >= 6


def instructors(walk: PageWalk) -> None:
    two_measurements(walk.where / "wards.csv")
    with zipfile.ZipFile(walk.where / "submissions.zip", "w") as archive:
        archive.writestr("arkann_101_5001_model.py", model_of_page("The class"))
    header = "Student,ID,SIS User ID,SIS Login ID,Section,Wards (7)\n    Points Possible,,,,,10\n"
    (walk.where / "gradebook.csv").write_text(header + '"Ark, Ann",101,s101,ann,A,\n')
    above = walk.where
    for _ in range(3):
        walk.block()
    assert give_points(walk.where, "wards") in walk.page.read_text(encoding="utf-8")
    walk.block()
    uploaded = (above / "upload.csv").read_text().splitlines()
    assert float(uploaded[2].split(",")[-1]) >= 6
    (above / "participants.csv").write_text('"First name","Last name","Email address"\nAnn,Ark,ann@example.org\n')
    header = 'Identifier,"Full name","Email address",Status,Grade,"Maximum Grade","Last modified (submission)"\n'
    line = 'Participant 77,"Ann Ark",ann@example.org,"Submitted for grading",,10.00,"Friday, 2 January 2026, 3:04 PM"\n'
    (above / "worksheet.csv").write_text(header + line)
    with zipfile.ZipFile(above / "bulk.zip", "w") as archive:
        archive.writestr("Ann Ark_77_assignsubmission_file/model.py", model_of_page("The class"))
    walk.block()
    uploaded = (above / "upload.csv").read_text().splitlines()
    assert float(next(csv.reader([uploaded[1]]))[4]) >= 6


def students(walk: PageWalk) -> None:
    shutil.copytree(REPOSITORY / "tasks" / "usps", walk.where / "tasks" / "usps")
    subprocess.run(["git", "init", "-q"], cwd=walk.where, check=True)
    assert "usps" in walk.block()
    assert "13 passed" in walk.block()
    model = walk.where / "submissions" / "bob" / "usps" / "model.py"
    model.write_text(model_of_page("A model in 15 lines"))
    assert "accuracy          0.9" in walk.block()
    (report,) = re.findall(r"/\S+\.html", walk.block())
    assert "What can be learned" in Path(report).read_text()
    walk.block()
    staged = subprocess.run(["git", "diff", "--cached", "--name-only"], cwd=walk.where, capture_output=True, text=True)
    assert staged.stdout.split() == ["submissions/bob/usps/model.py"]


WALKS: dict[str, Callable[[PageWalk], None]] = {
    "README.md": readme,
    "ci.md": ci,
    "grading.md": grading,
    "instructors.md": instructors,
    "students.md": students,
}
"""What a reader has and does between the blocks of a page. Of other pages all blocks are typed as they stand."""
TYPED = [page for page in PAGES if any(block.is_shell for block in code_blocks(page))]


@pytest.mark.line
@pytest.mark.thorough
@pytest.mark.parametrize("page", TYPED, ids=lambda page: page.stem)
def test_the_commands_of_a_page_run_in_order(page: Path, tmp_path: Path) -> None:
    home, folder = tmp_path / "home", tmp_path / "folder"
    home.mkdir()
    folder.mkdir()
    (home / ".gitconfig").write_text(IDENTITY)
    walk = PageWalk(page, home, folder)
    WALKS.get(page.name, lambda _: None)(walk)
    walk.rest()


@pytest.mark.unit
def test_each_command_that_is_not_run_is_on_a_page() -> None:
    commands = [
        command for page in PAGES for block in code_blocks(page) if block.is_shell for command in block.commands
    ]
    assert [begins for begins in NOT_RUN if not any(command.startswith(begins) for command in commands)] == []
    assert len([command for command in commands if why_not_run(command) is None]) > len(NOT_RUN)


def run_script(walk: PageWalk, script: str) -> str:
    """Run Python as a reader does who saved it in the folder of the course; return what it printed."""
    (walk.where / "script.py").write_text(script)
    done = subprocess.run(
        [sys.executable, "script.py"],
        cwd=walk.where, env=os.environ | walk.course.environment | {"PYTHONPATH": str(REPOSITORY)},
        capture_output=True, text=True, timeout=PATIENCE, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


@pytest.fixture
def digits(tmp_path: Path) -> PageWalk:
    """A reader in a course with the task ``usps``."""
    (tmp_path / "home").mkdir()
    course = tmp_path / "course"
    shutil.copytree(REPOSITORY / "tasks" / "usps", course / "tasks" / "usps")
    return PageWalk(DOCS / "students.md", tmp_path / "home", course)


@pytest.mark.line
@pytest.mark.thorough
def test_the_calls_of_a_notebook_run_in_a_script_too(digits: PageWalk) -> None:
    (calls,) = [text for _, text in blocks(digits.page) if "harness.load_data(" in text]
    main = f"if __name__ == '__main__':\n{textwrap.indent(calls, '    ')}"
    said = run_script(digits, f"{model_of_page('A model in 15 lines')}\n\n{main}")
    assert "13 passed" in said
    assert "claimed" in said


@pytest.mark.line
@pytest.mark.thorough
def test_the_script_on_the_page_of_commands_runs(digits: PageWalk) -> None:
    (script,) = [text for _, text in blocks(DOCS / "commands.md") if "open_course" in text]
    model = digits.where / "submissions" / "alice" / "usps" / "model.py"
    model.parent.mkdir(parents=True)
    model.write_text(model_of_page("A model in 15 lines"))
    assert "alice usps " in run_script(digits, script)


@pytest.mark.unit
def test_the_plugin_on_the_page_is_the_one_that_tests_build() -> None:
    use, entries = (tomllib.loads(block.text) for block in code_blocks(DOCS / "plugins.md"))
    example = tomllib.loads((REPOSITORY / "tests" / "plugin_example" / "pyproject.toml").read_text())["project"]
    assert entries["project"]["entry-points"] == example["entry-points"]
    assert use == {"plugins": [example["name"]]}


ELSEWHERE = {
    "host (trusted)": "a drawing",
    "isolation: namespaces": "test_walked.py: readme",
    "timezone = ": "test_blocks.py: test_the_gradebook_files_on_the_page_can_be_read",
    "who,task,action": "test_blocks.py: test_the_gradebook_files_on_the_page_can_be_read",
    "plugins = ": "test_walked.py: test_the_plugin_on_the_page_is_the_one_that_tests_build",
    "[project.entry-points": "test_walked.py: test_the_plugin_on_the_page_is_the_one_that_tests_build",
    "course = harness.open_course()": "test_walked.py: test_the_script_on_the_page_of_commands_runs",
    "harness.load_data(": "test_walked.py: test_the_calls_of_a_notebook_run_in_a_script_too",
    "def clouds():": "../test_readme.py: test_the_task_loads_and_can_be_evaluated",
    "# two Splits: ": "test_students.py: test_the_class_on_the_page_passes",
    "# Split: .inputs (N, 16, 16)": "../test_readme.py: test_the_model_passes_on_the_embedded_digits",
}
"""Where each block that holds no commands is run, by what it alone says."""


@pytest.mark.unit
def test_every_block_is_run_here_or_by_a_named_test() -> None:
    others = [block for page in PAGES for block in code_blocks(page) if not block.is_shell]
    names = [[one for one in ELSEWHERE if one in block.text] for block in others]
    assert [block.text[:60] for block, found in zip(others, names, strict=True) if len(found) != 1] == []
    assert {name for found in names for name in found} == set(ELSEWHERE)
    for place in ELSEWHERE.values():
        file, _, test = place.partition(": ")
        assert place == "a drawing" or f"def {test}(" in (Path(__file__).parent / file).read_text(), place
