"""Commands on the pages exist with their options, and links lead somewhere."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import click
import pytest

from harness.cli import cli
from tests.docs.pages import PAGES, code_blocks


def block_commands(page: Path) -> list[list[str]]:
    """The commands of the harness in the blocks of a page, also behind others (`&&`), without comments."""
    commands = [command for block in code_blocks(page) for command in block.commands]
    return [shlex.split(command, comments=True) for command in commands if re.match(r"harness [a-z-]", command)]


def quoted_commands(page: Path) -> list[list[str]]:
    found = re.findall(r"(?<!`)`(harness [a-z][^`]*)`(?!`)", page.read_text().replace("\n", " "))
    return [text.split() for text in found]


def problem(words: list[str]) -> str | None:
    """Say which word of a command does not exist."""
    command: click.Command = cli
    for word in words[1:]:
        if isinstance(command, click.Group) and re.fullmatch(r"[a-z][a-z-]*", word):
            inner = command.get_command(click.Context(command), word)
            if inner is None:
                return word
            command = inner
    known = {name for one in command.params for name in (*one.opts, *one.secondary_opts)} | {"--help", "--version"}
    given = [word.partition("=")[0] for word in words[1:] if re.match(r"-{1,2}[A-Za-z]", word)]
    return next((word for word in given if word not in known), None)


@pytest.mark.unit
def test_every_command_on_a_page_exists_with_its_options() -> None:
    assert {
        (page.name, " ".join(words)): bad
        for page in PAGES
        for words in [*block_commands(page), *quoted_commands(page)]
        if (bad := problem(words))
    } == {}


@pytest.mark.unit
@pytest.mark.parametrize("words", [["harness", "evalute"], ["harness", "grade", "--rooster", "x"]])
def test_an_invalid_command_is_detected(words: list[str]) -> None:
    assert problem(words)


@pytest.mark.unit
def test_every_link_on_a_page_has_a_target() -> None:
    links = [(page, link) for page in PAGES for link in re.findall(r"\]\(([^)#]+)[^)]*\)", page.read_text())]
    here = [(page, link) for page, link in links if "://" not in link]
    assert here
    assert [(page.name, link) for page, link in here if not (page.parent / link).exists()] == []
