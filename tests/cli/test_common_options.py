"""What every command takes, and what its help and its errors look like."""

from __future__ import annotations

from pathlib import Path

import click
import pytest

from harness import cli
from tests.conftest import TemporaryCourse

pytestmark = pytest.mark.unit


def commands() -> list[list[str]]:
    """Return the names of every command, inner ones included."""
    context = click.Context(cli.cli)
    found: list[list[str]] = []
    for name in cli.cli.list_commands(context):
        command = cli.cli.get_command(context, name)
        inner = command.list_commands(context) if isinstance(command, click.Group) else []
        found += [[name, one] for one in inner] or [[name]]
    return found


@pytest.mark.parametrize("command", commands(), ids=" ".join)
def test_every_command_takes_the_common_options(course: TemporaryCourse, command: list[str]) -> None:
    done = course.harness(*command, "--help")
    assert done.returncode == 0
    for option in ("-C, --directory COURSE", "--data-root", "-v, --verbose", "-q, --quiet"):
        assert option in done.stdout


@pytest.mark.parametrize("group", ["export", "tasks", "data", "new", "audit"])
def test_help_of_a_group_is_not_cut(course: TemporaryCourse, group: str) -> None:
    said = course.harness(group, "--help").stdout
    assert "..." not in said.partition("Commands:")[2]


@pytest.mark.parametrize(
    ("arguments", "meant"), [(["evalute"], "evaluate"), (["tasks", "shw"], "show"), (["export", "canvs"], "canvas")]
)
def test_a_mistyped_command_is_suggested(course: TemporaryCourse, arguments: list[str], meant: str) -> None:
    done = course.harness(*arguments)
    assert done.returncode == 2
    assert f"Did you mean {meant!r}?" in done.stderr


@pytest.mark.parametrize("arguments", [("-C", "course", "tasks"), ("tasks", "-C", "course"), ("tasks", "-C", ".")])
def test_a_course_is_named_before_or_after_the_command(
    course: TemporaryCourse, tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    course.root = tmp_path
    done = course.harness(*arguments)
    if arguments[-1] == ".":
        assert done.returncode == 2
        assert "is not inside a course" in done.stderr
    else:
        assert done.returncode == 0, done.stderr
        assert "blobs" in done.stdout


def test_a_quiet_command_prints_its_last_line_and_errors(course: TemporaryCourse) -> None:
    course.add_task("broken", text="1 / 0")
    lines = course.harness("tasks", "-q").stdout.splitlines()
    assert [line.split()[0] for line in lines] == ["error:", "1"]
    assert lines[-1].startswith("1 task, 1 with a mistake")


def test_no_cell_of_a_table_is_cut(course: TemporaryCourse) -> None:
    name = "a-task-with-a-name-that-takes-a-whole-line-of-a-terminal"
    path = course.add_task(name)
    title = "A title that goes on for longer than any terminal is wide, whatever it is shown in, to its very end"
    path.write_text(path.read_text().replace("Three clouds", title))
    (line,) = [line for line in course.harness("tasks").stdout.splitlines() if line.startswith(name)]
    assert line.endswith(title)


@pytest.mark.parametrize("command", ["evaluate", "grade", "check", "ci", "import"])
def test_isolation_is_named_in_one_way(course: TemporaryCourse, command: str) -> None:
    done = course.harness(command, "--isolation", "strong")
    assert done.returncode == 2
    assert "expected one of 'namespaces+cgroup', 'namespaces', 'landlock', 'rlimits', or exactly:LEVEL" in done.stderr
