"""Commands on the pages exist with their options, and the instructors' hour can be walked as it is written."""

from __future__ import annotations

import re
import shlex
import textwrap
import zipfile
from pathlib import Path

import click
import numpy as np
import pytest

from harness.cli import cli
from tests.conftest import REPOSITORY, TemporaryCourse

PAGES = sorted([*REPOSITORY.glob("*.md"), *REPOSITORY.glob("docs/**/*.md")])
INSTRUCTORS = REPOSITORY / "docs" / "instructors.md"


def blocks(page: Path) -> list[tuple[str, str]]:
    """The blocks of code on a page, each with the language that it names: fenced ones, then indented ones."""
    fence = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
    text = page.read_text()
    indented = re.findall(r"(?<=\n\n)(?: {4}(?![-*] ).*\n|\n(?= {4}))+", fence.sub("", text))
    return [*fence.findall(text), *(("", textwrap.dedent(block)) for block in indented)]


def block_commands(page: Path) -> list[list[str]]:
    """The commands of the harness in the blocks of a page, also behind others (`&&`), without comments."""
    lines = [line for _, text in blocks(page) for line in text.replace("\\\n", " ").splitlines()]
    commands = [part.strip().removeprefix("$ ") for line in lines for part in line.split("&&")]
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
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_command_on_a_page_exists_with_its_options(page: Path) -> None:
    assert {
        " ".join(words): bad for words in [*block_commands(page), *quoted_commands(page)] if (bad := problem(words))
    } == {}


@pytest.mark.unit
@pytest.mark.parametrize("words", [["harness", "evalute"], ["harness", "grade", "--rooster", "x"]])
def test_a_wrong_command_is_seen(words: list[str]) -> None:
    assert problem(words)


@pytest.mark.unit
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_on_a_page_leads_somewhere(page: Path) -> None:
    links = [link for link in re.findall(r"\]\(([^)#]+)[^)]*\)", page.read_text()) if "://" not in link]
    assert [link for link in links if not (page.parent / link).exists()] == []


MODEL = """
import numpy as np
import harness


class Model(harness.Model):
    def fit(self, train, validation):
        self.centres = np.stack([train.inputs[train.targets == kind].mean(axis=0) for kind in (0, 1)])

    def predict(self, inputs):
        return -((inputs[:, None] - self.centres) ** 2).sum(axis=2)
"""


@pytest.mark.thorough
@pytest.mark.line
def test_the_instructors_hour_can_be_walked(tmp_path: Path) -> None:
    generator = np.random.default_rng(0)
    rows = generator.normal(size=(180, 2))
    table = ["a,b,outcome", *(f"{a:.3f},{b:.3f},{'ward' if a + b > 0 else 'home'}" for a, b in rows)]
    (tmp_path / "wards.csv").write_text("\n".join(table))
    with zipfile.ZipFile(tmp_path / "submissions.zip", "w") as archive:
        archive.writestr("arkann_101_5001_model.py", MODEL)
    header = "Student,ID,SIS User ID,SIS Login ID,Section,Wards (7)\n    Points Possible,,,,,10\n"
    (tmp_path / "gradebook.csv").write_text(header + '"Ark, Ann",101,s101,ann,A,\n')
    outside = TemporaryCourse.at(tmp_path, tmp_path / "cache")
    course = TemporaryCourse.at(tmp_path / "mycourse", tmp_path / "cache")
    walked = []
    for words in block_commands(INSTRUCTORS):
        where = course if course.root.exists() else outside
        done = where.harness(*words[1:])
        walked.append(words[1])
        said = done.stdout + done.stderr
        assert "Traceback" not in said
        # a machine may lack something that doctor wants, and the first model of a scaffold is below the baseline
        assert done.returncode == 0 or words[1] in ("doctor", "evaluate"), f"{words}\n{said}"
        if words[1:3] == ["new", "task"]:
            declaration = course.root / "tasks" / "wards" / "task.py"
            points = "points=((0.5, 0), (0.8, 6), (0.9, 10))"
            assert points in INSTRUCTORS.read_text()
            declaration.write_text(declaration.read_text().replace("    metrics=(", f"    {points},\n    metrics=("))
    assert walked[-1] == "export"
    uploaded = (tmp_path / "upload.csv").read_text().splitlines()
    assert float(uploaded[2].split(",")[-1]) >= 6
