"""Fork servers are started ahead of a command that will need them, and of no other."""

from __future__ import annotations

import click
import pytest

from harness import sandbox
from harness.cli._ahead import start_ahead
from harness.cli._common import CommonOptions

pytestmark = pytest.mark.unit


@pytest.fixture
def begun(course, monkeypatch):
    """What was started, once ``start_ahead`` was called in a course with a submission of bob's."""
    course.submit()
    for name, value in course.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(course.root)
    found: list[list[str]] = []

    def begin(owner, hidden, submissions):
        assert hidden[0] == course.root.resolve()
        found.append([str(folder) for folder in submissions])

    monkeypatch.setattr(sandbox, "begin_fork_servers", begin)
    return found


def ahead(*arguments: str, **common: object) -> CommonOptions:
    options = CommonOptions(**common)
    with click.Context(click.Command("harness")) as context:
        start_ahead(context, options, arguments)
    return options


@pytest.mark.parametrize("path", ["submissions/bob", "submissions/bob/blobs"])
def test_fork_servers_are_started_for_the_named_submission(begun, path):
    assert ahead("evaluate", path, "--force").fork_servers is not None
    assert begun == [["submissions/bob/blobs"]]


def test_without_a_submission_fork_servers_preload_no_libraries(begun):
    ahead("check", "nobody")
    assert begun == [[]]


@pytest.mark.parametrize(
    "arguments",
    [
        ("evaluate", "submissions/bob", "--cold"),
        ("evaluate", "submissions/bob", "--isolation=exactly:rlimits"),
        ("evaluate", "--help"),
        ("evaluate", "submissions/bob", "-C", "elsewhere"),
        ("tasks",),
        ("grade",),
        ("no-such-command", "submissions/bob"),
    ],
)
def test_commands_that_may_not_need_fork_servers_start_none(begun, arguments):
    assert ahead(*arguments).fork_servers is None
    assert begun == []


def test_the_callers_own_fork_servers_are_used(begun):
    own = sandbox.ForkServerOwner()
    assert ahead("evaluate", "submissions/bob", fork_servers=own).fork_servers is own
    assert begun == []


def test_outside_of_a_course_nothing_is_started(begun, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    assert ahead("evaluate", "course/submissions/bob").fork_servers is None
    assert begun == []
