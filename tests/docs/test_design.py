"""docs/design.md and CONTRIBUTING.md name only rooms, files, commands and modules that exist, and all rooms."""

from __future__ import annotations

import importlib
import re
import shlex

import click
import pytest

from harness.cli import main
from harness.kinds import KINDS
from tests.conftest import REPOSITORY
from tests.test_house import ARROWS

pytestmark = pytest.mark.unit

DESIGN = (REPOSITORY / "docs" / "design.md").read_text()
CONTRIBUTING = (REPOSITORY / "CONTRIBUTING.md").read_text()
PAGES = pytest.mark.parametrize("page", [DESIGN, CONTRIBUTING], ids=["design", "contributing"])
ROOMS = re.findall(r"^\| ((?:`\w+`(?:, )?)+) \| [^|]+ \|$", DESIGN.partition("\n## Rooms")[2], re.MULTILINE)


def quoted(page: str) -> list[str]:
    return re.findall(r"(?<!`)`([^`\n]+)`(?!`)", re.sub(r"```.*?```", "", page, flags=re.DOTALL))


def listed() -> list[str]:
    return [name for row in ROOMS for name in re.findall(r"\w+", row)]


def test_every_package_is_described_once() -> None:
    assert sorted(listed()) == sorted(room for room in ARROWS if room and not room.startswith("_"))


def test_no_package_imports_one_above_it() -> None:
    order = {name: place for place, name in enumerate(listed())}
    upwards = {
        (room, other)
        for room, others in ARROWS.items()
        for other in others
        if room in order and other in order and order[other] < order[room]
    }
    assert upwards == set()


@PAGES
def test_every_path_exists(page: str) -> None:
    folders = "harness/", "tests/", "docs/", "tasks/_", "reference/_", ".ci/"
    paths = [path for path in quoted(page) if path.startswith(folders) and not re.search(r"NAME|<|\*|…", path)]
    paths += [link for link in re.findall(r"\]\(([^)#]+)\)", page) if "://" not in link]
    here = REPOSITORY if page is CONTRIBUTING else REPOSITORY / "docs"
    assert [path for path in paths if not (REPOSITORY / path).exists() and not (here / path).exists()] == []
    assert len(paths) > 2


@PAGES
def test_every_name_of_the_package_exists(page: str) -> None:
    for name in re.findall(r"`(harness(?:\.\w+)+)", page):
        module, _, attribute = name.rpartition(".")
        found = importlib.import_module(module)
        assert hasattr(found, attribute) or importlib.import_module(name), name


@PAGES
def test_every_command_exists(page: str) -> None:
    commands = [shlex.split(text)[1:] for text in quoted(page) if re.match(r"harness [a-z]", text)]
    assert commands
    for words in commands:
        command: click.Command | None = main
        for word in words:
            if not isinstance(command, click.Group) or not re.fullmatch(r"[a-z-]+", word):
                break
            command = command.get_command(click.Context(command), word)
            assert command is not None, words


def test_the_glossary_is_sorted_and_every_term_has_a_definition() -> None:
    rows = re.findall(
        r"^\| ([a-z, ]+) \| (.+) \|$", DESIGN.partition("## Glossary")[2].partition("\n## ")[0], re.MULTILINE
    )
    words = [word for word, _ in rows if word != "word"]
    assert len(words) == len(set(words)) > 20


def test_the_glossary_names_every_kind_of_task() -> None:
    (kinds,) = re.findall(r"^\| kind \| [^:]+: ([a-z, ]+) \|$", DESIGN, re.MULTILINE)
    assert sorted(kinds.split(", ")) == sorted(KINDS)
