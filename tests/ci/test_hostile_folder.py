"""Each command, run where a student may have put anything: nothing there is imported, followed or obeyed."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.ci.conftest import TemporaryRepository
from tests.conftest import CENTROIDS, TemporaryCourse
from tests.hostile.folders import Trap

ALL = """
import sys
from harness.cli import main
for line in sys.stdin:
    sys.argv = ["harness", *line.split()]
    try:
        main()
    except SystemExit as done:
        print("EXIT", done.code, line, flush=True)
"""
COMMANDS = """\
tasks
tasks show blobs
data list
doctor
check {alice}
evaluate --cold {alice}
grade --cold --data embedded --force --only alice
leaderboard
report {alice}
export csv
export junit
import canvas {archive} --task blobs
new submission zoe --task blobs
audit similarity --task blobs
ci --base HEAD~1 --data embedded --cold
"""


def run_all(course: TemporaryCourse, commands: str, folder: Path) -> dict[str, tuple[int, str]]:
    """Run the commands one after the other in `folder`, in one process; return how each ended and what it printed."""
    done = subprocess.run(
        [sys.executable, "-P", "-c", ALL],
        cwd=folder,
        input=commands,
        env=os.environ | course.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert "Traceback" not in done.stdout, done.stdout
    ends, said = {}, ""
    for line in done.stdout.splitlines(keepends=True):
        if line.startswith("EXIT"):
            _, code, command = line.split(maxsplit=2)
            ends[command.strip()] = (int(code), said)
        said = "" if line.startswith("EXIT") else said + line
    assert len(ends) == len(commands.splitlines()), done.stdout
    return ends


@pytest.mark.thorough
@pytest.mark.parametrize("place", [".", "submissions/mallory/blobs"])
def test_no_command_imports_anything_of_the_current_folder(
    repository: TemporaryRepository, tmp_path: Path, place: str
) -> None:
    course, trap = repository.course, Trap(tmp_path / "sprung.txt")
    here = course.root / place
    here.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(tmp_path / "bulk.zip", "w") as archive:
        archive.writestr("yang_1_2_model.py", CENTROIDS)
    course.submit(name="bob")
    repository.commit()
    trap.set(here)
    (course.root / "submissions" / "alice" / ".git").mkdir()
    alice = course.root / "submissions" / "alice"
    ends = run_all(course, COMMANDS.format(alice=alice, archive=tmp_path / "bulk.zip"), here)
    assert trap.sprung() == []
    assert {command: end for command, end in ends.items() if end[0] != 0} == {}
    for command in (f"check {alice}", f"evaluate --cold {alice}"):
        assert "left out: submissions/alice/.git, a git repository" in ends[command][1]
    assert "bob · blobs: added" in ends["ci --base HEAD~1 --data embedded --cold"][1]


@pytest.mark.thorough
def test_no_command_follows_a_link_in_place_of_a_submission_folder(
    repository: TemporaryRepository, tmp_path: Path
) -> None:
    course = repository.course
    course.submit(name="best", base="reference")
    (course.root / "submissions" / "mallory").symlink_to("alice")
    (course.root / "submissions" / "eve").symlink_to("../reference/best")
    (course.root / "submissions" / "yang-1").symlink_to("alice")
    before = (course.root / "submissions" / "alice" / "blobs" / "model.py").read_bytes()
    with zipfile.ZipFile(tmp_path / "bulk.zip", "w") as archive:
        archive.writestr("yang_1_2_model.py", "# Yang's")
    repository.commit()
    commands = [
        *(
            f"{command} submissions/{path}"
            for command in ("check", "evaluate", "report")
            for path in ("mallory", "eve/blobs")
        ),
        "new submission mallory --task blobs",
    ]
    last = {
        "grade --dry-run --data embedded": (0, "submissions/mallory is a link"),
        "audit similarity --task blobs": (0, "left out: submissions/mallory is a link"),
        f"import canvas {tmp_path / 'bulk.zip'} --task blobs": (1, "submissions/yang-1 is a link"),
        "ci --base HEAD~1": (1, "submissions/mallory: this is a link instead of a folder"),
    }
    ends = run_all(course, "\n".join([*commands, *last]), course.root)
    for command in commands:
        code, said = ends[command]
        assert (code, " is a link: put the files there" in said) == (2, True), (command, said)
    for command, (expected, words) in last.items():
        code, said = ends[command]
        assert (code, words in said) == (expected, True), (command, said)
    assert "1 to evaluate" in ends["grade --dry-run --data embedded"][1]
    assert (course.root / "submissions" / "alice" / "blobs" / "model.py").read_bytes() == before
    assert not (course.root / "leaderboard").exists()


def test_a_task_inside_a_submission_is_never_run(course: TemporaryCourse, tmp_path: Path) -> None:
    loot = tmp_path / "loot"
    for place in ("tasks", "blobs/tasks"):
        planted = course.submit(name="mallory").parent / place / "blobs" / "task.py"
        planted.parent.mkdir(parents=True)
        planted.write_text(f"open({str(loot)!r}, 'w')\n")
    commands = "tasks\ntasks show blobs\ndata list\naudit similarity --task blobs\nleaderboard\nexport csv\n"
    for place, run in (("mallory", commands), ("mallory/blobs", "tasks"), ("mallory/tasks/blobs", "tasks")):
        ends = run_all(course, run, course.root / "submissions" / place)
        assert {code for code, _ in ends.values()} == {0}, ends
    assert not loot.exists()
