"""The pages of the documentation, the blocks of code on them, and a shell in which a page is walked."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tests.conftest import PATIENCE, REPOSITORY, TemporaryCourse

PAGES = sorted([*REPOSITORY.glob("*.md"), *REPOSITORY.glob("docs/**/*.md")])
BLOCK = re.compile(
    r"^```(?P<language>\w*)\n(?P<fenced>.*?)^```$"
    r"|(?<=\n\n)(?P<indented>(?: {4}(?![-*] )[^\n]*\n|\n(?= {4}))+)",
    re.MULTILINE | re.DOTALL,
)
SHELL = re.compile(r"(?:[A-Z_]+=\S+ )?(?:harness|pip|git|cd|export|ruff|pytest|python|docker)\b")
NOT_RUN = {
    "pip install": "needs the package index; test_wheel.py builds and installs the wheel",
    "ruff check": "is what CI does with this repository, beside its tests",
    "ruff format": "likewise",
    "mypy": "likewise",
    "pytest": "is this suite",
    "HARNESS_TEST_USER_PYTHON=/path/to/python pytest": "likewise, and takes tens of minutes",
    "harness import SYSTEM ": "is a synopsis: capital letters stand for what the reader has",
    "export HARNESS_CANVAS_TOKEN=…": "is a secret of the reader's",
    "harness export canvas-upload": "needs a Canvas; test_canvas_upload.py brings one that answers as Canvas does",
    "HARNESS_DATA=~/data harness export gradescope": "needs the real files; test_gradescope.py makes bundles without",
    "harness grade --scheduler local": "needs Dask's processes; test_cluster.py starts a scheduler and workers",
    "harness grade --scheduler tcp": "needs a cluster; test_cluster.py starts one",
    "harness grade --scheduler slurm": "needs Slurm; test_cluster.py submits jobs in its place",
}
"""Beginnings of the commands that are not run, each with the reason."""
MAY_FAIL = {"doctor", "evaluate", "ci"}
"""Commands that may end with 1: a machine may lack something, and the model of a scaffold is below the baseline."""


@dataclass(frozen=True)
class CodeBlock:
    """A block of code on a page, fenced or indented."""

    language: str
    text: str

    @property
    def is_shell(self) -> bool:
        """Whether it holds commands."""
        return self.language in ("bash", "console", "sh") or (not self.language and bool(SHELL.match(self.text)))

    @property
    def commands(self) -> list[str]:
        """Its commands, one after the other, without comments."""
        lines = self.text.replace("\\\n", " ").splitlines()
        parts = [part.strip().removeprefix("$ ") for line in lines for part in line.split("&&")]
        return [part for part in parts if part and not part.startswith("#")]


def code_blocks(page: Path) -> list[CodeBlock]:
    """Return the blocks of a page in their order."""
    found = BLOCK.finditer(page.read_text(encoding="utf-8"))
    return [CodeBlock(one["language"] or "", one["fenced"] or textwrap.dedent(one["indented"] or "")) for one in found]


def blocks(page: Path) -> list[tuple[str, str]]:
    """Return language and text of each block of a page."""
    return [(one.language, one.text) for one in code_blocks(page)]


def why_not_run(command: str) -> str | None:
    """Return the reason for which a command is not run, or None."""
    return next((why for begins, why in NOT_RUN.items() if command.startswith(begins)), None)


@dataclass
class PageWalk:
    """A reader with a home of their own, who types what a page says, block after block."""

    page: Path
    home: Path
    where: Path
    printed: str = ""
    _blocks: Iterator[CodeBlock] = field(init=False)

    def __post_init__(self) -> None:
        self._blocks = (block for block in code_blocks(self.page) if block.is_shell)

    @property
    def course(self) -> TemporaryCourse:
        """The folder where the reader is, in which the harness can be run."""
        course = TemporaryCourse.at(self.where, self.home / "cache")
        return TemporaryCourse(self.where, course.environment | {"HOME": str(self.home)})

    def block(self) -> str:
        """Type the next block with commands; return what was printed."""
        said = "".join(self._type(command) for command in next(self._blocks).commands)
        self.printed += said
        return said

    def rest(self) -> None:
        """Type all blocks that are left."""
        for one in self._blocks:
            for command in one.commands:
                self._type(command)

    def _type(self, command: str) -> str:
        if why_not_run(command):
            return ""
        words = shlex.split(command, comments=True)
        if words[0] == "cd":
            self.where = (self.where / words[1]).resolve()
            assert self.where.is_dir(), command
            return ""
        done = self._harness(words[1:]) if words[0] == "harness" else self._shell(command)
        said = done.stdout + done.stderr
        assert "Traceback (most recent call last)" not in said, f"{command}\n{said}"
        allowed = (0, 1) if words[0] == "harness" and words[1] in MAY_FAIL else (0,)
        assert done.returncode in allowed, f"{self.page.name}: {command}\n{said}"
        return said

    def _harness(self, words: list[str]) -> subprocess.CompletedProcess[str]:
        return self.course.harness(*words)

    def _shell(self, command: str) -> subprocess.CompletedProcess[str]:
        environment = os.environ | self.course.environment
        return subprocess.run(
            ["bash", "-ec", command],
            cwd=self.where, env=environment, capture_output=True, text=True, timeout=PATIENCE, check=False,
        )  # fmt: skip
