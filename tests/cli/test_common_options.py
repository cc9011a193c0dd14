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


def test_every_command_takes_the_common_options(course: TemporaryCourse) -> None:
    common = ("-C, --directory COURSE", "--data-root", "-v, --verbose", "-q, --quiet")
    helps = {" ".join(command): course.harness(*command, "--help") for command in commands()}
    assert {name: done.stderr for name, done in helps.items() if done.returncode != 0} == {}
    missing = {name: [option for option in common if option not in done.stdout] for name, done in helps.items()}
    assert missing == {name: [] for name in helps}


def options(*name: str) -> dict[str, click.Option]:
    """Return the options of a command by their long names."""
    command: click.Command = cli.cli
    for part in name:
        assert isinstance(command, click.Group)
        inner = command.get_command(click.Context(command), part)
        assert inner is not None
        command = inner
    return {max(one.opts, key=len): one for one in command.params if isinstance(one, click.Option)}


WITHOUT_TASK = [
    *(["ci"], ["export", "comment"]),  # about a whole change
    ["site"],  # about the whole course
    *(["doctor"], ["new", "course"], ["new", "task"], ["tasks", "add"]),  # about no task that is there
]


def test_every_command_about_tasks_has_the_option_task() -> None:
    found = {" ".join(command): options(*command).get("--task") for command in commands()}
    assert {name for name, one in found.items() if one is None} == {" ".join(command) for command in WITHOUT_TASK}
    assert [name for name, one in found.items() if one is not None and (one.metavar != "TASK" or one.multiple)] == []


def test_the_list_of_tasks_has_the_option_task(course: TemporaryCourse) -> None:
    course.add_task("other")
    assert "other" not in course.harness("tasks", "--task", "blobs").stdout
    assert "harness tasks check --task blobs" in course.harness("tasks", "--task", "blobs", "check").stderr


@pytest.mark.parametrize("command", ["show", "check"])
def test_a_task_is_named_as_an_argument_or_an_option(course: TemporaryCourse, command: str) -> None:
    course.add_task("other")
    by_argument, by_option = (course.harness("tasks", command, *given) for given in (["blobs"], ["--task", "blobs"]))
    assert (by_argument.returncode, by_argument.stdout) == (by_option.returncode, by_option.stdout)
    assert "other" not in by_option.stdout


@pytest.mark.parametrize(("arguments", "count"), [([], 0), (["blobs", "--task", "other"], 2)])
def test_a_command_about_one_task_requires_exactly_one_name(
    course: TemporaryCourse, arguments: list[str], count: int
) -> None:
    done = course.harness("tasks", "show", *arguments)
    assert done.returncode == 2
    assert f"Name one task, as TASK or with --task TASK: {count} are named" in done.stderr


def test_an_option_means_one_thing_in_every_command() -> None:
    for name in ("--data", "--seed", "--device", "--latency-seconds", "--roster", "--deadline", "--count-validation"):
        found = [one for command in commands() if (one := options(*command).get(name)) is not None]
        assert len(found) > 1
        meanings = {str((one.help, one.type.to_info_dict(), one.multiple)) for one in found}
        assert len(meanings) == 1, f"{name} has several meanings: {meanings}"


SEVERAL_FILES = {"--summary", "--junit", "--comment"}  # of `harness ci`, which writes each of them


def test_the_output_file_is_named_with_the_option_o() -> None:
    given = {
        (*command, name): one
        for command in commands()
        for name, one in options(*command).items()
        if not one.is_flag and name not in SEVERAL_FILES
    }
    written = {
        name for name, one in given.items() if (one.help or "").startswith(("Where", "Write", "Folder to write"))
    }
    assert written == {name for name, one in given.items() if {"-o", "--output"} <= set(one.opts)}


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
